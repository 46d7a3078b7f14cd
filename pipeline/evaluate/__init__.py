"""Metrics, intervals and errors of predictions; numbers only."""
