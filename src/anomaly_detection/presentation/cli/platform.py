"""What the platform's settings say about a command of this process."""

from __future__ import annotations


def offered_here() -> tuple[str, ...] | None:
    """Put the setting `performance` into effect, and return the algorithms that are offered, or None for all.

    Raises
    ------
    InvalidInput
        The settings cannot be used.
    """
    from anomaly_detection.configurations.platform import apply_performance, offered
    from anomaly_detection.configurations.settings import load_settings

    settings = load_settings()
    apply_performance(settings.performance)
    return offered(settings)
