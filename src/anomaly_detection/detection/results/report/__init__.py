"""A result as a page that people read: self-contained HTML, with charts drawn as SVG."""
