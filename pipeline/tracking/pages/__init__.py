"""What MLflow's pages open with: a layout of charts, and links to it."""
