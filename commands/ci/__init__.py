"""What CI does: the commands that .ci/verify and .ci/retrain call."""
