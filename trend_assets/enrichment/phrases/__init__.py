"""Words that become topics: what people say that is far more than usual, whether they tag it or not."""
