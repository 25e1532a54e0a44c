"""A simulator of users, topics and platforms that writes the platforms' wire formats.

It serves the demo and the tests. Its people are invented, and so is everything that they say: no
figure measured here is a claim about a real platform.
"""
