"""Whether a change of a recipe is more than chance, on photos that are held out from train."""
