"""Read-only access to the lake: each answer from one snapshot, each query bounded."""
