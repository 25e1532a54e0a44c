"""What is let into the lake, and how a person or a post leaves it again."""
