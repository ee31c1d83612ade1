"""What happened, told to whoever listens."""

from anomaly_detection.infrastructure.events.broker import Event, EventBroker, Subscription

__all__ = ["Event", "EventBroker", "Subscription"]
