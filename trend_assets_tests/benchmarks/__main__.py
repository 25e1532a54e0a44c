"""The benchmarks that need no arguments, one after another; each module says what it measures.

`tgn_link`, `tgb`, `ablation` and `streams` want streams to work on, `schemathesis_run` an environment of its own.
"""

from __future__ import annotations

import runpy
import sys

_ALL = (
    "readers",
    "live",
    "throughput",
    "budgets",
    "compaction",
    "forgetting",
    "tgn_scale",
    "api_load",
)


def main() -> None:
    names = sys.argv[1:] or list(_ALL)
    for name in names:
        sys.argv = [name]
        print(f"== {name}", flush=True)
        runpy.run_module(f"trend_assets_tests.benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
