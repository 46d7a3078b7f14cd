"""Pascal JSON (COCO style)."""
