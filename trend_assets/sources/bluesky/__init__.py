"""Bluesky: posts that its public search finds."""
