"""Alerts: rules, storage, quiet hours, and delivery to log, mail and webhooks."""
