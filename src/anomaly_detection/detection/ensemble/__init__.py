"""Several algorithms as one: their scores made comparable, and combined."""
