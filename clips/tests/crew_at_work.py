"""Simulates people at work on a running site despite all faults: they upload, sort, undo, rename, and retry.

It records what the site acknowledged, to compare with the final state.
"""

import contextlib
import hashlib
import random
import re
import shutil
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import requests
from tusclient.client import TusClient

from clips.tests.ingest.sender import Sender
from clips.tests.web.test_end_to_end import Person as Somebody

SESSION, DAY = "Backyard Rails", "2024-12-01"
FOLDER = f"{DAY} {SESSION}"
SESSION_AFTER, RIDER, RIDER_AFTER = "Night Rails", "Miller Downey", "Miller D."
#: What says that the server has understood (static/js/sorting/queue.js has the same); away is told by the second.
FINAL, AWAY = frozenset({200, 204, 404, 409, 422}), frozenset({502, 503, 504})
PATIENCE_S, ANSWER_PATIENCE_S, AGAIN_AFTER_S = 180, 20, 0.5
#: So that a video is on its way for some ten seconds.
N_CHUNKS, PAUSE_S = 12, 0.6


class Patient(Somebody):
    """A client that repeats each request until it is answered, as the sort page does."""

    def __init__(self, site) -> None:
        super().__init__(site)
        self.answers: Counter[str] = Counter()
        #: What was answered that is neither an answer nor the sentence that the site is back in a moment.
        self.surprises: list[str] = []

    def ask(self, path: str, **fields: object) -> requests.Response:
        """Post JSON to the API until it is accepted."""
        return self._until_understood(
            path,
            lambda: requests.post(self.base_url + path, json=fields, headers=self.headers, timeout=ANSWER_PATIENCE_S),
        )

    def get(self, path: str, **query: str) -> dict:
        return self._until_understood(
            path, lambda: requests.get(self.base_url + path, query, headers=self.headers, timeout=ANSWER_PATIENCE_S)
        ).json()

    def submit(self, path: str, **fields: str) -> requests.Response:
        """Send a form as a logged-in browser until it is accepted."""
        form = {"csrfmiddlewaretoken": self.browser.cookies["csrftoken"], **fields}
        return self._until_understood(
            path, lambda: self.browser.post(self.base_url + path, form, timeout=ANSWER_PATIENCE_S)
        )

    def _until_understood(self, path: str, send: Callable[[], requests.Response]) -> requests.Response:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            try:
                answer = send()
            except requests.RequestException as error:
                self.answers[type(error).__name__] += 1
            else:
                self.answers[str(answer.status_code)] += 1
                if answer.status_code in FINAL:
                    return answer
                if answer.status_code not in AWAY:
                    self.surprises.append(f"{path}: {answer.status_code} {answer.text[:300]}")
            time.sleep(AGAIN_AFTER_S)
        raise AssertionError(f"{path} was never answered")


class Sorter:
    """Takes hands, keeps, trashes and undoes, and repeats some requests."""

    def __init__(self, person: Patient, rider: str, *, seed: int) -> None:
        self._person, self._rider = person, rider
        self._random = random.Random(seed)  # noqa: S311 - it must be repeatable
        self._lease = self._new_key()
        #: Keys of what stands: the clip of each keep, and what was trashed.
        self.kept: dict[str, str] = {}
        self.trashed: set[str] = set()
        self.n_undone = self.n_sent_again = 0
        self.refused: list[str] = []

    def work(self, is_over: Callable[[], bool]) -> None:
        """Sort until the end, and until nothing is left in the hand."""
        while True:
            over = is_over()
            hand = self._person.ask("/api/sort/next", lease=self._lease, count=4).json()["segments"]
            for segment in hand:
                self._decide(segment)
                time.sleep(self._random.uniform(0, 0.4))
            if over and not hand:
                return
            time.sleep(0.5)

    def _decide(self, segment: dict) -> None:
        decision = {"segment": segment["id"], "lease": self._lease, "key": self._new_key()}
        if self._random.random() < 0.65:
            span = {"start_ms": segment["start_ms"], "end_ms": segment["end_ms"]}
            if answer := self._post("save", **decision, **span, person=self._rider):
                self.kept[decision["key"]] = answer.json()["id"]
        elif self._post("trash", **decision):
            self.trashed.add(decision["key"])
        if self._random.random() < 0.12 and decision["key"] in self.kept.keys() | self.trashed:
            self._undo(decision["key"])

    def _undo(self, key: str) -> None:
        if self._post("undo", lease=self._lease, key=self._new_key(), decision=key):
            self.kept.pop(key, None)
            self.trashed.discard(key)
            self.n_undone += 1

    def _post(self, name: str, **fields: object) -> requests.Response | None:
        answer = self._person.ask(f"/api/sort/{name}", **fields)
        if self._random.random() < 0.1:  # as when the answer got lost on its way back
            self.n_sent_again += 1
            again = self._person.ask(f"/api/sort/{name}", **fields)
            said = [each.json().get("id") if each.content else None for each in (answer, again)]
            assert (again.status_code, said[1]) == (answer.status_code, said[0]), f"{name} sent twice: {again.text}"
        if answer.ok:
            return answer
        self.refused.append(f"{name}: {answer.status_code} {answer.text[:200]}")
        return None

    def _new_key(self) -> str:
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))


class Uploader:
    """Sends videos one by one in small chunks; every third goes into the incoming folder instead."""

    def __init__(self, person: Patient, incoming: Path, videos: list[Path]) -> None:
        self._person, self._incoming, self._videos = person, incoming, videos
        self.upload_ids: list[str] = []
        self.hashes: list[str] = []
        self.n_breaks = self.size_bytes = 0

    def work(self, is_over: Callable[[], bool]) -> None:
        client = TusClient(f"{self._person.base_url}/upload/tus/", headers=self._person.headers)
        for number, video in enumerate(self._videos):
            if is_over():
                return
            if number % 3 == 1:
                self._put_into_folder(video)
            else:
                chunk_bytes = video.stat().st_size // N_CHUNKS + 1
                sender = Sender(client, video, chunk_bytes=chunk_bytes, pause_s=PAUSE_S, session=SESSION, date=DAY)
                self.upload_ids.append(sender.send())
                self.n_breaks += sender.n_breaks
            self.hashes.append(hashlib.sha256(video.read_bytes()).hexdigest())
            self.size_bytes += video.stat().st_size

    def _put_into_folder(self, video: Path) -> None:
        folder = self._incoming / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(video, folder / video.name)


class Renamer:
    """Renames the session and then the rider, at set points of the killing."""

    def __init__(self, person: Patient, rider: str) -> None:
        self._person, self._rider = person, rider

    def work(self, done: Callable[[], float], ended: threading.Event) -> None:
        for share, rename in ((0.4, self._rename_session), (0.7, self._rename_rider)):
            while done() < share and not ended.is_set():
                time.sleep(0.1)
            answer = rename()
            assert answer.status_code == 200, answer.text

    def _rename_session(self) -> requests.Response:
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            with contextlib.suppress(requests.RequestException):
                listed = self._person.browser.get(f"{self._person.base_url}/sessions", timeout=ANSWER_PATIENCE_S)
                if found := re.search(r"/sessions/[0-9a-f-]{36}", listed.text):
                    return self._person.submit(f"{found[0]}/rename", name=SESSION_AFTER, date=DAY)
            time.sleep(AGAIN_AFTER_S)
        raise AssertionError("the session never came")

    def _rename_rider(self) -> requests.Response:
        page = f"/admin/people/person/{self._rider}/change/"
        aliases = {"aliases-TOTAL_FORMS": "0", "aliases-INITIAL_FORMS": "0"}
        slug = RIDER.replace(" ", "_")
        return self._person.submit(page, display_name=RIDER_AFTER, slug=slug, **aliases)
