"""Announces a service's process group to the keeper, then becomes the service.

A program of its own, started by its path: code that runs between a fork and its exec may wait for ever for a lock that
another thread held at the fork. Arguments: the keeper's pipe, and the service's command.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

#: What is started.
PROGRAM = __file__
_ENDING = (signal.SIGTERM, signal.SIGINT)


def main() -> None:
    """Does not return: the process becomes the service."""
    pipe, command = int(sys.argv[1]), sys.argv[2:]
    # Where the keeper was killed, the supervisor starts another, and tells it of all.
    with contextlib.suppress(BrokenPipeError):
        os.write(pipe, b"+%d\n" % os.getpid())
    os.close(pipe)
    # Whoever started us may have had these ignored or held back, and services would not end when they are asked.
    for number in (*_ENDING, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
