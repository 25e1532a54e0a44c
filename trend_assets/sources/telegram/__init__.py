"""Telegram, as its desktop application and its API give it."""
