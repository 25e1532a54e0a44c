"""Reddit: parsers of its listings and of Pushshift."""
