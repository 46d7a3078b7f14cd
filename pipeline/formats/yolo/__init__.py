"""YOLO's label files."""
