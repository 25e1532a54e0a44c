"""`python -m trend_assets`: the `trend` command."""

from __future__ import annotations

import sys
from pathlib import Path

from trend_assets.cli import main

if __name__ == "__main__":
    # As the script beside this Python, so that messages and records name what can be typed again.
    sys.argv[0] = str(Path(sys.executable).with_name("trend"))
    main()
