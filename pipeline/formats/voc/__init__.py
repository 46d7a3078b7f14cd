"""VOC XML."""
