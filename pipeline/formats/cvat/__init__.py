"""CVAT's own XML of images."""
