"""Telegram: parsers of its desktop application's exports and of its API."""
