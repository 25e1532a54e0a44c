"""Near copies: posts whose texts are nearly the same as others of the last 24 hours, so that a campaign counts once."""
