"""The backtest over many real streams: `python -m trend_assets_tests.benchmarks.streams`."""
