"""What the API answers, a module a subject; units are in the descriptions."""
