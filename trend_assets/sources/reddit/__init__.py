"""Reddit, as its listings and Pushshift give it."""
