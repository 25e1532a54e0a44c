"""Events as a temporal graph."""
