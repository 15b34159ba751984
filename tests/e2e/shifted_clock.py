"""Runs one of the programs on a machine whose date is wrong: `python -m … SECONDS MODULE ARGUMENT …`."""

import runpy
import sys
import time


def main() -> None:
    """Move the wall clock, and only that, then become the program."""
    shift_s = float(sys.argv[1])
    right = time.time
    time.time = lambda: right() + shift_s
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
