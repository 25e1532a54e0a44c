"""Use cases that assets, sensors and commands share: one operation a module, over the lake."""
