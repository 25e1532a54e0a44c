"""The lake as the API sees it: read-only, each answer from one snapshot, each query bounded."""
