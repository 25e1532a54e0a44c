"""Google Trends: trending searches, and search interest in terms."""
