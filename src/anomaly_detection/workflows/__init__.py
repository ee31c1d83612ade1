"""The use cases that cross rooms, one short file each."""
