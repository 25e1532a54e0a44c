"""YouTube: collector of charts, new videos and comments, and parsers of its formats."""
