"""Dagster's assets, one thin module a stage of the pipeline."""
