"""Algorithms that judge each column by its own distribution."""
