"""Discord, as exporters of channels give it."""
