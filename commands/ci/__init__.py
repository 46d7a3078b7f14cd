"""The commands that .ci/verify and .ci/retrain call."""
