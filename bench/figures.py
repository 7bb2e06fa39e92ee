"""Prints the tables of benchmarks: one line per figure, with its target."""

import statistics
from dataclasses import dataclass, field

HEAD = f"{'':<48}{'n':>5}{'p50 ms':>9}{'p95 ms':>9}  at most"


@dataclass
class Figure:
    """One line of the table; the target is a maximum."""

    name: str
    times_ms: list[float] = field(default_factory=list)
    p50_ms: float | None = None
    p95_ms: float | None = None

    def line(self) -> str:
        if not self.times_ms:
            return f"{self.name:<48}{0:>5}{'–':>9}{'–':>9}"
        p50_ms, p95_ms = statistics.median(self.times_ms), max(self.times_ms)
        if len(self.times_ms) > 1:
            p95_ms = statistics.quantiles(self.times_ms, n=20, method="inclusive")[-1]
        targets = [(p50_ms, self.p50_ms), (p95_ms, self.p95_ms)]
        asked = [(reached, target) for reached, target in targets if target is not None]
        wanted = " / ".join("–" if target is None else f"{target:.0f}" for _reached, target in targets)
        verdict = verdict_of(all(reached <= target for reached, target in asked)) if asked else ""
        wanted = wanted if asked else ""
        return f"{self.name:<48}{len(self.times_ms):>5}{p50_ms:>9.0f}{p95_ms:>9.0f}  {wanted:<12}{verdict}"


def verdict_of(is_met: bool) -> str:
    return "met" if is_met else "MISSED"
