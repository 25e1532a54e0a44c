"""Discord: parsers of exported channels."""
