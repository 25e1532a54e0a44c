"""The read API: it reads the lake and never writes it."""
