"""What the network of every rung stands on: backbone, layer groups, precision and device."""
