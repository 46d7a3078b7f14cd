"""What faults leave behind, found and mended: half a lock file, flipped bits, a damaged store."""
