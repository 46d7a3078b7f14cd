"""Finds and repairs what crashes leave behind: a truncated lock file, bit rot, a broken store."""
