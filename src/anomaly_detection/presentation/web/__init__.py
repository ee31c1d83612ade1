"""Serves the built dashboard; its source is the folder ``web`` at the top of the repository."""

from anomaly_detection.presentation.web.dashboard import Dashboard

__all__ = ["Dashboard"]
