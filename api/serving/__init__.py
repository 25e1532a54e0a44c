"""What stands between people and the routes: keys, limits, kept answers, problems told, measures."""
