"""`params.yaml` as typed objects, one module per part."""
