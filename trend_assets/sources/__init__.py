"""The outside world: what each platform and each archive says, read into events."""
