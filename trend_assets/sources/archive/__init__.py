"""Files of posts that somebody kept: what a file is, and its rows as payloads."""
