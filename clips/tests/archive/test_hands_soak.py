"""Archives many clips through faults, killed workers and people's hands in the folders, and checks what lies where.

By default a small run; ``--soak`` does 300 clips. In the end each clip is there once, where its row says or where a
person put it, and nothing of theirs was written over.
"""

import random
import secrets
from collections import Counter
from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

import pytest

from clips.archive import outage, renaming
from clips.archive import tasks as archive_tasks
from clips.archive.drive import oauth
from clips.archive.questions import Answer
from clips.jobs import pipeline
from clips.models import ArchiveCopy, CopyState, FinalClip, Job, JobKind, JobState
from clips.tests.archive.conftest import CHUNK_BYTES
from clips.tests.archive.drive_accounts import CLIENT
from clips.tests.archive.drive_server import DriveServer
from clips.tests.archive.drive_store import FOLDER_TYPE, Item, UserSees
from clips.tests.archive.test_soak import FAULTY_SHARE, SIZES, look_after, reasons, work_and_kill
from people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 21
LAST_ROUNDS = 20
SETTINGS = (
    "ARCHIVE_BACKEND", "DRIVE_FOLDER_ID", "DRIVE_SERVICE_ACCOUNT_FILE", "DRIVE_API_URL", "DRIVE_TOKEN_URL",
    "DRIVE_OAUTH_CLIENT_ID", "DRIVE_OAUTH_CLIENT_SECRET", "SECRET_KEY",
)  # fmt: skip


class Hands:
    """A person with a browser on Drive, and one in the site; by chance, from a seed."""

    def __init__(self, drive: DriveServer, chance: random.Random, n_deeds: int, top: str) -> None:
        self.drive, self.store, self.chance, self.n_left = drive, drive.store, chance, n_deeds
        self.did: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        #: What they put there themselves, by id; and what they moved, renamed or deleted.
        self.theirs: dict[str, bytes] = {}
        self.touched: set[str] = set()
        #: What lay in a folder that they deleted.
        self.swept: set[str] = set()
        drive_id = self.store.items[top].drive_id
        self.store.add("best", "Best of", FOLDER_TYPE, [top], owner="", drive_id=drive_id)

    def meanwhile(self) -> bool:
        """Do one thing and read the log of changes, as every five minutes; return whether there is more to do."""
        block = outage.current_outage()
        if block and block.asks:
            given = self.chance.choice([Answer.BACK, Answer.AGAIN])
            self.answered[given.value] += 1
            outage.answer(block, given)
        elif self.n_left and (files := self._ours()):
            deed = self.chance.choice(DEEDS)
            self.did[deed.__name__.strip("_")] += 1
            deed(self, self.chance.choice(files))
            self.n_left -= 1
        archive_tasks.notice_archive_changes()
        return bool(self.n_left and self._ours())

    def _ours(self) -> list[Item]:
        """Return clips of the site that lie whole and visible, and nobody has touched."""
        there = [item for item in self.store.files() if item.app_properties and item.id not in self.touched]
        return [item for item in there if not self.store.is_trashed(item)]

    def _move(self, item: Item) -> None:
        self.touched.add(item.id)
        self.store.tidy(item.id, parent="best")

    def _rename(self, item: Item) -> None:
        self.touched.add(item.id)
        self.store.tidy(item.id, name=f"best {secrets.token_hex(2)}.mp4")

    def _trash(self, item: Item) -> None:
        self.touched.add(item.id)
        self.store.trash(item.id)

    def _delete(self, item: Item) -> None:
        self.touched.add(item.id)
        self.store.delete(item.id)

    def _trash_and_restore(self, item: Item) -> None:
        self.store.trash(item.id)
        archive_tasks.notice_archive_changes()
        self.store.trash(item.id, trashed=False)

    def _revise(self, item: Item) -> None:
        self.touched.add(item.id)
        self.theirs[item.id] = secrets.token_bytes(5000)
        self.store.revise(item.id, self.theirs[item.id])

    def _drop(self, item: Item) -> None:
        content = secrets.token_bytes(1000)
        self.theirs[self.store.drop("notes.txt", content, item.parents[0], mime_type="text/plain").id] = content

    def _trash_folder(self, item: Item) -> None:
        """Trash a rider's folder, and bring it back later by answering."""
        folder = self.store.items[item.parents[0]]
        if not self.store.has_theirs(folder, set(self.theirs)):
            self.swept |= {one.id for one in self.store.files() if folder.id in one.parents}
            self.store.trash(folder.id)

    def _rename_rider(self, _item: Item) -> None:
        person = self.chance.choice(list(Person.objects.order_by("pk")))
        person.display_name = person.slug = f"Rider{secrets.token_hex(3)}"
        person.save()
        pipeline.publish(renaming.follow(person))


DEEDS = (
    Hands._move, Hands._rename, Hands._trash, Hands._delete, Hands._trash_and_restore, Hands._revise, Hands._drop,
    Hands._trash_folder, Hands._rename_rider,
)  # fmt: skip


@pytest.fixture
def a_service(on_drive) -> str:
    """A service account in a shared drive; returns the folder that holds the archive."""
    return "shared-drive"


@pytest.fixture
def a_persons(on_drive, settings, admin) -> str:
    """A person's own drive, granted as on Google's page; returns the folder that holds the archive."""
    settings.DRIVE_SERVICE_ACCOUNT_FILE = settings.DRIVE_FOLDER_ID = ""
    settings.DRIVE_OAUTH_CLIENT_ID, settings.DRIVE_OAUTH_CLIENT_SECRET = CLIENT.values()
    address, kept = oauth.begin("https://clips.example.org/connected", oauth.WHOLE_DRIVE)
    asked = dict(parse_qsl(urlsplit(address).query))
    answer = {"state": asked["state"], "code": on_drive.accounts.consent(asked)}
    oauth.complete(answer, kept, "https://clips.example.org/connected", admin)
    return "root-of-person"


@pytest.mark.parametrize(
    ("account", "n_clips", "n_deeds", "kill_every_s", "limit_s"),
    [
        pytest.param("a_persons", 12, 14, 2.0, 240, id="small", marks=pytest.mark.timeout(600)),
        pytest.param("a_service", 300, 150, 6.0, 2400, id="full", marks=[pytest.mark.soak, pytest.mark.timeout(3000)]),
    ],
)
def test_each_clip_is_there_once_where_a_row_or_a_person_put_it(
    on_drive,
    request,
    make_clip,
    broker,
    settings,
    monkeypatch,
    capsys,
    work_off,
    account,
    n_clips,
    n_deeds,
    kill_every_s,
    limit_s,
):
    top = request.getfixturevalue(account)
    chance = random.Random(SEED)  # noqa: S311
    on_drive.store.user_sees = chance.choice(list(UserSees))
    riders = [Person.objects.add(name) for name in ("Mia", "Jo", "Zoë")]
    clips = [make_clip(chance.choice(SIZES), person=chance.choice(riders)) for _number in range(n_clips)]
    for name in SETTINGS:
        monkeypatch.setenv(name, getattr(settings, name))
    monkeypatch.setenv("DRIVE_CHUNK_BYTES", str(CHUNK_BYTES))
    monkeypatch.setenv("DRIVE_BACK_OFF_SECONDS", "0.02")
    on_drive.troubles.by_chance(FAULTY_SHARE, SEED)
    on_drive.block_s = 0.02
    settings.SWEEP_SECONDS = 1
    archive_tasks.notice_archive_changes()  # from here on
    for clip in clips:
        pipeline.publish(Job.objects.for_target(JobKind.ARCHIVE, clip))
    hands = Hands(on_drive, chance, n_deeds, top)
    n_kills, took_s = work_and_kill(chance, kill_every_s, limit_s, hands.meanwhile, pause_s=0.2)
    assert Job.objects.exclude(state=JobState.DONE).count() == 0, reasons()
    on_drive.troubles.over()
    _end(hands, work_off)
    _told(capsys, on_drive, hands, n_clips, n_kills, took_s)
    _check(on_drive, hands, on_drive.store.items[top].name)


def _end(hands: Hands, work_off: Callable[[], list[str]]) -> None:
    """Do what was noticed last, without a worker: that what is noticed comes to its end is a matter of few rounds."""
    for _round in range(LAST_ROUNDS):
        is_more = hands.meanwhile()
        look_after()
        work_off()
        if not is_more and not Job.objects.active().exists():
            return
    raise AssertionError(f"something is always left to do: {reasons()}")


def _check(drive: DriveServer, hands: Hands, top_name: str) -> None:
    store = drive.store
    for file_id, content in hands.theirs.items():
        assert store.items[file_id].content == content, "nothing of theirs was written over"
        assert not store.items[file_id].trashed
    copies = list(ArchiveCopy.objects.select_related("clip"))
    assert len(copies) == FinalClip.objects.count()
    shown = Counter(item.sha256 for item in store.files() if not store.is_trashed(item))
    for copy in copies:
        item = store.items.get(copy.remote_id)
        if copy.state == CopyState.VERIFIED:
            assert shown[copy.sha256] == 1, f"{copy} is there once"
            assert item is not None
            assert not store.is_trashed(item)
            if item.id not in hands.touched:
                assert store.path(item) == f"{top_name}/{copy.path}"
            assert copy.clip.drive_file_id == item.id
        elif copy.state == CopyState.CHANGED:
            assert item.content == hands.theirs[item.id]
        else:
            assert copy.state == CopyState.REMOVED
            assert copy.remote_id in hands.touched | hands.swept
            assert shown[copy.sha256] == 0
    folders = [store.path(item) for item in store.folders() if not store.is_trashed(item)]
    assert len(folders) == len(set(folders)), "each folder once"
    assert max(store.resent.values(), default=0) <= CHUNK_BYTES


def _told(capsys, drive: DriveServer, hands: Hands, n_clips: int, n_kills: int, took_s: float) -> None:
    states = Counter(ArchiveCopy.objects.values_list("state", flat=True))
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{n_clips} clips in {took_s:.0f} s; the user's log: {drive.store.user_sees.value}; {n_kills} SIGKILLs, "
            f"{sum(drive.troubles.met.values())} faults; deeds {dict(sorted(hands.did.items()))}; "
            f"answers {dict(hands.answered)}; {len(drive.log)} requests, {drive.count('POST /upload')} sessions; "
            f"copies {dict(states)}; {sum(drive.store.resent.values())} acknowledged bytes sent again"
        )
