"""The temporal graph network: memory, neighbours, attention, training, checkpoints, and its forecaster."""
