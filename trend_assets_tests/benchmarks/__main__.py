"""All benchmarks that take minutes, one after another; `tgn_link` takes arguments and is run by hand."""

from __future__ import annotations

import runpy
import sys

_ALL = ("readers", "kills")


def main() -> None:
    names = sys.argv[1:] or list(_ALL)
    for name in names:
        sys.argv = [name]
        print(f"== {name}", flush=True)
        runpy.run_module(f"trend_assets_tests.benchmarks.{name}", run_name="__main__")


if __name__ == "__main__":
    main()
