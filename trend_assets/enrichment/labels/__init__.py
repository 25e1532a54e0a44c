"""What topics are called, which mean the same, and what they are about."""
