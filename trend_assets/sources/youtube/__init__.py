"""YouTube: charts, new videos and comments."""
