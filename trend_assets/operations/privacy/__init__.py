"""Privacy: pseudonyms on entry, and deletion of a person or a post on request."""
