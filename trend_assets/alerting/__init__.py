"""Alerts: what deserves to be told, to whom, once, and how the telling went."""
