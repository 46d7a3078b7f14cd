"""Stages of DVC at the same time, each as soon as all that it depends on has ended."""
