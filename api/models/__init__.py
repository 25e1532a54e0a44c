"""Pydantic models of the API's responses, a module a subject; units are in the descriptions."""
