"""Kills one program after the other of a whole site at work: nothing is lost, doubled, or stuck.

By default each program once; ``--soak`` kills a hundred times. The seed decides the kills and the people's decisions.
"""

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from clips.models.job import GIVING_WAY
from clips.tests.crew_at_work import FOLDER, RIDER, SESSION, SESSION_AFTER, Patient, Renamer, Sorter, Uploader
from clips.tests.killer import PREY, Killer
from clips.tests.media.made_up import make_video
from clips.tests.site_facts import ASK
from trickyclip.tests import site as sites
from trickyclip.tests.site import MANAGE, RunningSite, manage

pytestmark = pytest.mark.slow

SEED = 100
#: Silence is noticed sooner than by default, so that more work is taken up again between two kills.
#: All that is found is to be sorted, however little the drawn bursts are like tricks.
QUICK = {"JOB_LEASE_SECONDS": "8", "SWEEP_SECONDS": "2", "INCOMING_REST_SECONDS": "2", "SENSITIVITY": "100"}
#: Each names what happened to the job: it was killed as often as one may be. A person may let it run again, and does.
KILLED_TOO_OFTEN = ("This was stopped from outside", "The worker stopped several times during this.")


@dataclass(frozen=True)
class Size:
    n_kills: int
    each_at_least: int
    longest_s: float
    n_videos: int
    settle_s: int


class Crew:
    """Everybody who works on the site while its programs are killed."""

    def __init__(self, site: RunningSite, videos: list[Path], killer: Killer) -> None:
        self.killer = killer
        people = [Patient(site) for _number in range(4)]
        rider = people[0].post("/api/people", display_name=RIDER)["id"]
        self.person, self.people = people[0], people
        self.uploaders = [Uploader(who, site.data_dir / "incoming", videos[n::2]) for n, who in enumerate(people[:2])]
        self.sorter = Sorter(people[2], rider, seed=SEED)
        self.renamer = Renamer(people[3], rider)
        self._n_kills = killer.n_left
        self._ended = threading.Event()

    def work(self) -> None:
        """Work until the killer ends, and raise everybody's errors."""
        with ThreadPoolExecutor(5) as pool:
            killing = pool.submit(self.killer.run)
            killing.add_done_callback(lambda _done: self._ended.set())
            working = [pool.submit(uploader.work, self._ended.is_set) for uploader in self.uploaders]
            working.append(pool.submit(self.sorter.work, self._ended.is_set))
            working.append(pool.submit(self.renamer.work, lambda: self.killer.n_kills / self._n_kills, self._ended))
            _raise_first([killing, *working])


def _raise_first(futures: list[Future]) -> None:
    for future in futures:
        future.result()


@pytest.fixture
def site(started_site: Path, engine_path: Path, tmp_path: Path) -> Iterator[RunningSite]:
    printed = (started_site / "printed").read_text(encoding="utf-8")
    with sites.running_site(sites.copied(started_site, engine_path), first_text=printed, **QUICK) as running:
        yield running
    (tmp_path / "site.log").write_text(running.up.text)  # for whoever looks why it failed


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(
            Size(n_kills=len(PREY), each_at_least=1, longest_s=2, n_videos=4, settle_s=240),
            id="small",
            marks=pytest.mark.timeout(900),
        ),
        pytest.param(
            Size(n_kills=100, each_at_least=5, longest_s=3, n_videos=40, settle_s=900),
            id="full",
            marks=[pytest.mark.soak, pytest.mark.timeout(2400)],
        ),
    ],
)
def test_nothing_is_lost_doubled_or_stuck_whoever_is_killed(site, tmp_path, capsys, record_property, size):
    videos = [_video(tmp_path / f"GX01{number:04d}.MP4", number) for number in range(size.n_videos)]
    often = {"n_kills": size.n_kills, "each_at_least": size.each_at_least, "longest_s": size.longest_s}
    killer = Killer(site.up, seed=SEED, **often)
    crew = Crew(site, videos, killer)
    began_s = time.monotonic()
    crew.work()
    worked_s = time.monotonic() - began_s
    retried = _settle(site, crew.person, size.settle_s)
    crew.sorter.work(lambda: True)  # what was found since
    retried += _settle(site, crew.person, size.settle_s)
    settled_s = time.monotonic() - began_s - worked_s
    facts = _asked(site)
    while "RUNNING" in facts["jobs"]:  # what the site begins by itself each minute, learning from what was sorted
        _settle(site, crew.person, size.settle_s)
        facts = _asked(site)

    figures = _figures(crew, facts, worked_s=worked_s, settled_s=settled_s, retried=retried)
    for name, value in figures.items():
        record_property(name, str(value))
    with capsys.disabled():
        print("", *(f"{name}: {value}" for name, value in figures.items()), sep="\n")  # noqa: T201

    assert min(killer.kills[name] for name in PREY) >= size.each_at_least
    assert killer.n_kills == size.n_kills
    assert [surprise for who in crew.people for surprise in who.surprises] == []
    _nothing_is_lost_or_doubled(crew, facts)
    assert set(facts["jobs"]) <= {"DONE", "CANCELLED"}, facts["failed"]
    _site_is_well(site, crew.person)


def _video(path: Path, number: int) -> Path:
    made = make_video(path.with_suffix(".mp4"), frames=600, events_s=[3, 8.5, 14, 18.5], seed=number)
    return made.rename(path)


def _nothing_is_lost_or_doubled(crew: Crew, facts: dict) -> None:
    sent = [file_hash for uploader in crew.uploaders for file_hash in uploader.hashes]
    assert Counter(facts["originals"]) == Counter(facts["originals_on_disk"]) == Counter(sent)
    assert {facts["uploads"][upload_id] for who in crew.uploaders for upload_id in who.upload_ids} == {"REGISTERED"}
    assert facts["strays"] == []
    assert crew.sorter.refused == []
    assert (set(facts["kept"]), set(facts["trashed"])) == (set(crew.sorter.kept), crew.sorter.trashed)
    assert sorted(facts["clips"]) == sorted(crew.sorter.kept.values()), "each keep made one clip"
    assert sorted(facts["clips"].values()) == sorted(facts["kept"].values()), "of the moment that was kept"
    assert facts["archived"] == facts["archive_on_disk"], "each clip whole, and nothing else"
    assert len(facts["archived"]) == len(facts["clips"]) == len(set(facts["filenames"])) > 0
    assert facts["names_given_twice"] == 0
    names = {tuple(name.split("__")[1:3]) for name in facts["filenames"]}
    after = (SESSION_AFTER.replace(" ", ""), "Miller_D")
    # What comes in after the rename under the session's old name makes a session of that name again.
    assert after in names <= {after, (SESSION.replace(" ", ""), "Miller_D")}


def _asked(site: RunningSite) -> dict:
    return json.loads(manage(site.data_dir, "shell", "-v0", "-c", ASK).splitlines()[-1])


def _settle(site: RunningSite, person: Patient, patience_s: int) -> list[str]:
    """Wait until nothing is running; retry once what was killed too often, and return the reasons."""
    deadline_s = time.monotonic() + patience_s
    retried: dict[str, str] = {}
    while True:
        listed = {state: _jobs(person, state) for state in ("WAITING", "RUNNING", "FAILED")}
        listed["WAITING"] = [job for job in listed["WAITING"] if job["kind"] not in GIVING_WAY]  # for quiet, for hours
        again = [job for job in listed["FAILED"] if job["id"] not in retried]
        for job in again:
            assert job["reason"].startswith(KILLED_TOO_OFTEN), job
            assert person.ask(f"/api/jobs/{job['id']}/retry").status_code == 200
            retried[job["id"]] = f"{job['kind']}: {job['reason']}"
        coming = [file.name for file in (site.data_dir / "incoming" / FOLDER).glob("*.MP4")]
        if not coming and not any(listed.values()):
            return list(retried.values())
        assert time.monotonic() < deadline_s, f"not settled within {patience_s} s: {coming} {listed}"
        time.sleep(0.5)


def _jobs(person: Patient, state: str) -> list[dict]:
    return person.get("/api/jobs", state=state, limit="500")["results"]


def _site_is_well(site: RunningSite, person: Patient) -> None:
    command = [sys.executable, str(MANAGE), "audit", "--json", "--checksums"]
    audit = subprocess.run(command, env=site.env, capture_output=True, text=True, check=False)
    assert (audit.returncode, json.loads(audit.stdout.splitlines()[-1])["wrong"]) == (0, 0), audit.stdout + audit.stderr
    ready = requests.get(f"{site.base_url}/readyz", timeout=10)
    assert ready.json()["ready"], ready.text
    for page in ("/", "/sort", "/clips", "/sessions", "/jobs"):
        assert person.browser.get(site.base_url + page, timeout=10).status_code == 200, page


def _figures(crew: Crew, facts: dict, *, worked_s: float, settled_s: float, retried: list[str]) -> dict[str, object]:
    sorter, killer = crew.sorter, crew.killer
    answers = sum((who.answers for who in crew.people), Counter())
    states = Counter(facts["uploads"].values())
    return {
        "killed": f"{killer.n_kills} in {worked_s:.0f} s: {dict(sorted(killer.kills.items()))}",
        "settled": f"after {settled_s:.0f} s",
        "uploads": f"{len(facts['originals'])} videos of {sum(who.size_bytes for who in crew.uploaders) / 1e6:.0f} MB, "
        f"{sum(who.n_breaks for who in crew.uploaders)} breaks; {dict(states)}",
        "decisions": f"{len(sorter.kept)} keeps, {len(sorter.trashed)} trashed, {sorter.n_undone} undone, "
        f"{sorter.n_sent_again} sent twice; answers {dict(answers.most_common())}",
        "archived": len(facts["archived"]),
        "jobs": f"{facts['jobs']}; attempts {facts['attempts']}",
        "let run again": dict(Counter(retried)),
    }
