"""Algorithms that separate by a plane, in the features or in the space of a kernel."""
