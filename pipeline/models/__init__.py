"""What the networks of all rungs share: backbone, layer groups, precision and device."""
