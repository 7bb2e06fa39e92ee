"""Kills random programs of a running site with SIGKILL; each is found in the site's own process tree."""

import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator

import psutil

from trickyclip.runtime import programs
from trickyclip.tests.site import Up

#: What supervisor keeps up.
SUPERVISED = ("postgres", "redis", *programs.names())
#: What those have below them.
BELOW = ("one connection of postgres", "process of web", "process of a worker", "reader of a video")
PREY = (*SUPERVISED, *BELOW)
#: Readers live for a second or two, so somebody who wants one has to lie in wait.
LIE_IN_WAIT_S, LOOK_EVERY_S = 2.0, 0.02
PATIENCE_S = 120
SHORTEST_S = 0.5
READER = "clips.media.sandbox.child"


class Killer:
    """Kills a random program of a site at random intervals, each of them at least as often as requested."""

    def __init__(self, up: Up, *, seed: int, n_kills: int, each_at_least: int, longest_s: float = 3) -> None:
        assert n_kills >= each_at_least * len(PREY)
        self._up = up
        self._longest_s = longest_s
        self._random = random.Random(seed)  # noqa: S311 - it must be repeatable
        self._next = list(PREY) * each_at_least
        self._next += self._random.choices(PREY, k=n_kills - len(self._next))
        self._random.shuffle(self._next)
        self._next.remove("reader of a video")
        self._next.insert(0, "reader of a video")  # early, for its job then rests for half a minute
        self.kills: Counter[str] = Counter()

    @property
    def n_kills(self) -> int:
        return self.kills.total()

    @property
    def n_left(self) -> int:
        return len(self._next)

    def run(self) -> None:
        """Kill until all had their turn; a program that is not running is killed later."""
        deadline_s = time.monotonic() + PATIENCE_S
        while self._next:
            time.sleep(self._random.uniform(SHORTEST_S, self._longest_s))
            if name := self._kill_first_alive():
                self.kills[name] += 1
                deadline_s = time.monotonic() + PATIENCE_S
            assert time.monotonic() < deadline_s, (
                f"none of these could be found any more: {self._next}\n{self._up.text}"
            )

    def _kill_first_alive(self) -> str | None:
        for name in dict.fromkeys(self._next):
            if self._kill(name):
                self._next.remove(name)
                return name
        return None

    def _kill(self, name: str) -> bool:
        for victims in self._looks(name):
            if victims:
                with contextlib.suppress(psutil.NoSuchProcess):  # known by its start, too: never a stranger of its id
                    self._random.choice(victims).kill()
                    return True
        return False

    def _looks(self, name: str) -> Iterator[list[psutil.Process]]:
        """Look for a program once, or for some time if it comes and goes."""
        look = self._look_for(name)
        until_s = time.monotonic() + (LIE_IN_WAIT_S if name == "reader of a video" else 0)
        for _time in itertools.count():
            with contextlib.suppress(psutil.NoSuchProcess):
                yield look()
            if time.monotonic() >= until_s:
                return
            time.sleep(LOOK_EVERY_S)

    def _look_for(self, name: str) -> Callable[[], list[psutil.Process]]:
        match name:
            case "one connection of postgres":
                return lambda: self._below("postgres")
            case "process of web":
                return lambda: self._below("web")
            case "process of a worker":
                return lambda: self._below("detect", "media", "light")
            case "reader of a video":
                return lambda: [
                    reader for reader in self._below("detect", "media", "light", deep=True) if _reads(reader)
                ]
        return lambda: self._supervised(name)

    def _supervised(self, *names: str) -> list[psutil.Process]:
        return [psutil.Process(pid) for name in names if (pid := self._up.pid(name))]

    def _below(self, *names: str, deep: bool = False) -> list[psutil.Process]:
        return [child for parent in self._supervised(*names) for child in parent.children(recursive=deep)]


def _reads(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return READER in process.cmdline()
    return False
