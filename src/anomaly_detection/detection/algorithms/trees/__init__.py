"""Algorithms that isolate rows by random splits."""
