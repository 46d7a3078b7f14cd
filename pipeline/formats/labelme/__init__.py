"""JSON of LabelMe, one a photo."""
