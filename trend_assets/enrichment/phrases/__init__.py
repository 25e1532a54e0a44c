"""Trending phrases: topics found in texts that far exceed their usual frequency, tagged or not."""
