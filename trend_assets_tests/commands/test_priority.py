"""Work in the background leaves the processor to those whom people are looking at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os
from pathlib import Path
from trend_assets.commands.priority import give_way
give_way()
give_way()
session = Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), session.read_text() if session.exists() else "")
"""


@pytest.mark.parametrize("own", [True, False])
def test_it_is_nice_once_and_its_session_only_where_that_is_its_own(own: bool) -> None:
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, start_new_session=own
    )
    niceness, *session = told.stdout.split()
    assert int(niceness) == max(10, os.getpriority(os.PRIO_PROCESS, 0))
    if session:  # Elsewhere sessions do not share the processor out, or this one has no name.
        assert session[-1] == ("10" if own else Path("/proc/self/autogroup").read_text().split()[-1])
