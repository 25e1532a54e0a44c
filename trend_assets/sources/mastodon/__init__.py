"""Mastodon: public timelines and trending tags of any servers."""
