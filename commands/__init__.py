"""The sub-commands of `ladder`: what people type besides DVC."""
