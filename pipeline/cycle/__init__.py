"""One round of retraining in CI: DVC remote, branch, stale stages, and the comment for people."""
