"""Backbone, heads, anchors and SSD: step 5 of the journey. Models return raw outputs."""
