"""A Dagster platform that forecasts which topics will rise, and keeps score of itself."""

__version__ = "0.1.0"
