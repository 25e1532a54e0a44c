"""Google Trends: what trends now, and how often terms were searched."""
