"""One round of retraining in CI: the DVC remote, the branch, stale stages, the comment."""
