"""One file per algorithm, in families; each is found by name through the catalogue."""
