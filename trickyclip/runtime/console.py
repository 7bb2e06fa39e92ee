"""Prints the output of all programs of a running site to one terminal, each line after its program's name."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import TextIO


class Console:
    """Writes whole lines of many programs to one terminal, and remembers the last line of each."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._turn = threading.Lock()
        self.last_line: dict[str, str] = {}

    def say(self, sentence: str) -> None:
        """Print a line of our own, without a program's name."""
        with self._turn, contextlib.suppress(OSError, ValueError):  # a closed terminal must not stop the site
            print(sentence, file=self._out, flush=True)

    def relay(self, name: str, source: int, hear: Callable[[str], bool] | None = None) -> threading.Thread:
        """Copy lines from the file descriptor ``source`` until it ends, in a thread of its own.

        ``hear`` is told each line first, and decides whether it is shown.
        """

        def copy() -> None:
            with os.fdopen(source, encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    text = line.rstrip()
                    if text and (hear is None or hear(text)):
                        self.last_line[name] = text
                        self.say(f"{name:<8} | {text}")

        thread = threading.Thread(target=copy, name=f"lines of {name}", daemon=True)
        thread.start()
        return thread
