"""What MLflow's pages open on: a layout of charts, and links to it."""
