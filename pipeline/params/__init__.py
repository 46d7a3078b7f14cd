"""`params.yaml` as typed objects, a module for each part of it."""
