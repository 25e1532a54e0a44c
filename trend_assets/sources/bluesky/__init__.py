"""Bluesky: collector of the public search, and parsers of its formats."""
