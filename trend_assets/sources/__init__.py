"""Sources: collectors of the platforms' APIs, and parsers of their payloads and archives into events."""
