"""The sub-commands of `trend`, one a module; `trend_assets.cli` gathers them."""
