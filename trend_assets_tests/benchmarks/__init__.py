"""What is measured, not asserted: `python -m trend_assets_tests.benchmarks NAME`, or `make bench` for all."""
