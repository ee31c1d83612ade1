"""Data on their way in: reading files, typed columns, and the part that each column plays."""
