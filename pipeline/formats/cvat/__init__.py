"""CVAT's own XML, "CVAT for images"."""
