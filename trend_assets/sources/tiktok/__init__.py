"""TikTok, as its Research API gives it."""
