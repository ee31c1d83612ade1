"""Algorithms for ordered values in time."""
