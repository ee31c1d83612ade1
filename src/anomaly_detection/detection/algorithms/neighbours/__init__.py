"""Algorithms that judge a row by its distance to others."""
