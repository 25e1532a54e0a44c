"""What the assets, the sensors and the command all do: one operation a module, over the lake."""
