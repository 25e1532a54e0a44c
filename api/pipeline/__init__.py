"""The Dagster webserver: what it is asked, and where it shows something."""
