"""A Dagster platform that forecasts which topics will rise and measures how often it was right."""

import os

__version__ = "0.1.0"

# Threads of OpenMP that spin while they wait make a training on two shared cores seven times slower
# than threads that sleep; torch and LightGBM read this when they are first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
