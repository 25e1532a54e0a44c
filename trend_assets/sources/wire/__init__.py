"""Lenient parsers of values in payloads: JSON, times, markup, tags."""
