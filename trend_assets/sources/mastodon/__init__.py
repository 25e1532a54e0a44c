"""Mastodon: collector of public timelines and trending tags, and parsers of its formats."""
