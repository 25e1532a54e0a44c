"""The table of contents: what Dagster shows, one thin module a stage, in the order of the flow."""
