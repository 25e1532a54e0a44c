"""Imports of files: detects the format of a file, and reads its rows as payloads."""
