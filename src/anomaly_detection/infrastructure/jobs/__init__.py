"""Durable jobs: a lease queue in the platform's own database (docs/decisions/0010-job-engine.md)."""
