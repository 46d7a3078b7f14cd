"""One round of retraining in CI: the DVC remote, the branch, what is stale, what people read."""
