"""What the platform's settings say about a command of this process."""

from __future__ import annotations


def configure_here() -> None:
    """Put the settings `performance` and `algorithms` into effect.

    Raises
    ------
    InvalidInput
        The settings cannot be used.
    NotFound
        ``detection.unknown_algorithm``: they name an algorithm that does not exist.
    """
    from anomaly_detection.configurations.platform import apply_performance, offer_chosen
    from anomaly_detection.configurations.settings import load_settings

    settings = load_settings()
    apply_performance(settings.performance)
    offer_chosen(settings)
