"""Our own running machinery."""
