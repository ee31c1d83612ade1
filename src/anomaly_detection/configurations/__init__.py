"""The composition roots: the only room that names concrete classes of several rooms."""
