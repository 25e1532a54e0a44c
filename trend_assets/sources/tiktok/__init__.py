"""TikTok: parsers of its Research API."""
