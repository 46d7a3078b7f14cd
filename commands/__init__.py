"""What people type beside DVC."""
