"""A small world of people, topics and platforms that speaks the platforms' wire formats.

It serves the demo and the tests. Its people are invented, and so is everything that they say: no
figure measured here is a claim about a real platform.
"""
