"""Metrics of ranking and of verdicts, on arrays."""
