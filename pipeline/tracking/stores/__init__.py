"""The shared MLflow server if it answers, otherwise the local store, and forwarding later."""
