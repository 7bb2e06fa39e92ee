"""Tests that a receipt says "safe to format" only when each file of a card is stored, read back and not thrown away."""

import base64
import datetime as dt
import hashlib
import io
import json
import shutil
import subprocess
import uuid
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from clips.ingest import media_hash_list, receipts
from clips.ingest.receipt_text import FileState, verdict_of
from clips.ingest.receipts import Found
from clips.ingest.tasks import ingest, look_after_receipts
from clips.ingest.watch_folder import IncomingFolder
from clips.integrity.tasks import read_back
from clips.management.commands import ingest as command
from clips.models import (
    ArchiveCopy,
    BinEntry,
    BinKind,
    ChannelKind,
    CopyState,
    Job,
    JobKind,
    Notice,
    NoticeChannel,
    OriginalFile,
    Receipt,
    ReceiptFile,
    Upload,
    UploadSource,
)
from clips.notifications import occasions
from clips.tests.factories import OriginalFileFactory

pytestmark = pytest.mark.django_db

#: The exit code of ``ascmhl verify`` for a file with another hash.
MISMATCH = 11
TUS = {"Tus-Resumable": "1.0.0"}
VIDEO = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 20


def work(*kinds: JobKind) -> None:
    """Do the jobs of these kinds that are due."""
    tasks = {JobKind.INGEST: ingest, JobKind.READ_BACK: read_back}
    for job in Job.objects.due().filter(kind__in=kinds):
        tasks[JobKind(job.kind)](str(job.pk))


def state_of(receipt: Receipt) -> list[str]:
    look_after_receipts()
    return sorted(line.state for line in verdict_of(Receipt.objects.get(pk=receipt.pk)).lines)


def metadata(**told: str) -> str:
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in told.items())


def send(client, data: bytes, **told: str) -> str:
    headers = TUS | {"Upload-Length": str(len(data)), "Upload-Metadata": metadata(**told)}
    answer = client.post("/upload/tus/", data, content_type="application/offset+octet-stream", headers=headers)
    assert answer.status_code == 201, answer.content
    return answer["Location"]


def tell(client, key: uuid.UUID, *files: dict):
    told = {"id": str(key), "name": "100GOPRO", "files": files}
    return client.post(reverse("clips:receipt_new"), json.dumps(told), content_type="application/json")


@pytest.fixture
def stored(shoot, own_data_dir):
    """Return a function that makes the receipt of one file, which is stored and was read back."""

    def make(**fields) -> Receipt:
        digest = hashlib.sha256(VIDEO).hexdigest()
        (own_data_dir / "originals").mkdir(exist_ok=True)
        (own_data_dir / "originals/one.mp4").write_bytes(VIDEO)
        original = OriginalFileFactory(
            shoot=shoot, stored_path="originals/one.mp4", file_hash=digest, size_bytes=len(VIDEO),
            md5=hashlib.md5(VIDEO, usedforsecurity=False).hexdigest(), read_back_at=timezone.now(), **fields,
        )  # fmt: skip
        receipt = receipts.make(
            [Found("DCIM/GX010001.MP4", len(VIDEO), sha256=digest)], name="Card", source=UploadSource.COMMAND
        )
        assert receipt.files.get().original_file == original
        return receipt

    return make


@pytest.mark.slow
def test_a_batch_is_safe_when_the_last_file_was_read_back_and_not_a_step_before(client, sorter, own_data_dir):
    client.force_login(sorter)
    key, other = uuid.uuid4(), VIDEO + b"other"
    files = [{"path": "DCIM/GX010001.MP4", "size": len(VIDEO), "modified_ms": 1733011200000}]
    files += [{"path": "DCIM/GX010002.MP4", "size": len(other)}]
    url = tell(client, key, *files).json()["url"]
    assert tell(client, key, *files).json()["url"] == url, "told twice it is one"
    receipt = Receipt.objects.get()
    assert state_of(receipt) == ["ABSENT", "ABSENT"]
    for data, one in zip((VIDEO, other), files, strict=True):
        send(client, data, filename=one["path"].rpartition("/")[2], receipt=str(key), path=one["path"])
    assert state_of(receipt) == ["CHECKING", "CHECKING"]
    work(JobKind.INGEST)
    assert state_of(receipt) == ["READING", "READING"]
    read_back(str(Job.objects.filter(kind=JobKind.READ_BACK).first().pk))
    assert state_of(receipt) == ["READING", "SAFE"]
    assert client.get(f"{url}/ascmhl.zip").status_code == 404
    assert "Do not format yet" in client.get(url).content.decode()
    work(JobKind.READ_BACK)
    assert state_of(receipt) == ["SAFE", "SAFE"]
    said = client.get(f"{url}/receipt.json").json()
    assert (said["safe_to_format"], said["n_safe"], said["missing"]) == (True, 2, {})
    first = said["files"][0]
    assert (first["path"], first["sha256"]) == ("DCIM/GX010001.MP4", hashlib.sha256(VIDEO).hexdigest())
    assert [copy["copy"] for copy in first["copies"]] == ["original"]
    Receipt.objects.update(safe_at=None)
    told = client.get(reverse("clips:receipts")).content.decode()
    assert 'data-state="RUNNING">2 of 2 videos safe' in told, "the disk is still to be looked at"
    assert "FAILED" not in told
    assert receipt.note_safe()
    assert "Safe to format" in client.get(url).content.decode()
    assert "Safe to format" in client.get(reverse("clips:receipts")).content.decode()
    assert "Safe to format" in client.get(reverse("clips:upload")).content.decode()
    with zipfile.ZipFile(io.BytesIO(client.get(f"{url}/ascmhl.zip").content)) as packed:
        (manifest,) = [name for name in packed.namelist() if name.endswith(".mhl")]
        assert packed.read(manifest).count(b"<md5 ") == 2
    # What is damaged later is said on the very same page.
    with (own_data_dir / OriginalFile.objects.first().stored_path).open("r+b") as file:
        file.write(b"x")
    Job.objects.for_target(JobKind.READ_BACK, OriginalFile.objects.first())
    work(JobKind.READ_BACK)
    assert state_of(receipt) == ["DAMAGED", "SAFE"]
    assert "Do not format yet" in client.get(url).content.decode()
    assert "1 of 2 videos safe" in client.get(reverse("clips:receipts")).content.decode()


def test_a_file_that_need_not_be_sent_counts_when_its_bytes_are_here(client, sorter, stored):
    stored()
    client.force_login(sorter)
    key, digest = uuid.uuid4(), hashlib.sha256(VIDEO).hexdigest()
    tell(client, key, {"path": "a.mp4", "size": len(VIDEO), "sha256": digest}, {"path": "b.mp4", "size": len(VIDEO)})
    receipt = Receipt.objects.get(pk=key)
    assert state_of(receipt) == ["ABSENT", "SAFE"]
    here = reverse("clips:receipt_here", args=[key])
    for sha256, n_found in (("0" * 64, 0), (digest, 1)):
        told = json.dumps({"path": "b.mp4", "sha256": sha256})
        assert client.post(here, told, content_type="application/json").json() == {"found": n_found}
    assert state_of(receipt) == ["SAFE", "SAFE"]


def test_a_batch_belongs_to_who_sent_it(client, sorter, other_sorter, curator):
    client.force_login(sorter)
    key = uuid.uuid4()
    url = tell(client, key, {"path": "a.mp4", "size": 5}).json()["url"]
    client.force_login(other_sorter)
    assert client.get(url).status_code == 404
    assert tell(client, key, {"path": "a.mp4", "size": 5}).status_code == 404
    send(client, VIDEO[:5], filename="a.mp4", receipt=str(key), path="a.mp4")
    assert ReceiptFile.objects.get().upload is None
    client.force_login(curator)
    assert client.get(url).status_code == 200
    for files in ([], [{"path": "a", "size": 0}], [{"path": "a", "size": 1}] * 2, [{"path": "\x00", "size": 1}], [3]):
        assert tell(client, uuid.uuid4(), *files).status_code == 422


def bin_it(original: OriginalFile) -> None:
    entry = BinEntry.objects.create(kind=BinKind.values[0], thrown_by_name="mia")
    OriginalFile.objects.update(bin_entry=entry)


UNSAFE = {
    "gone from the disk": (FileState.LOST, lambda path: path.unlink()),
    "short": (FileState.LOST, lambda path: path.write_bytes(VIDEO[:-1])),
    "damaged": (
        FileState.DAMAGED,
        lambda _path: OriginalFile.objects.update(damaged_at=timezone.now(), read_back_at=None),
    ),
    "in the bin": (FileState.DELETED, bin_it),
    "removed without an archive": (FileState.LOST, lambda _p: OriginalFile.objects.update(evicted_at=timezone.now())),
    "of another size": (FileState.FAILED, lambda _path: ReceiptFile.objects.update(size_bytes=1)),
    "not read back": (FileState.READING, lambda _path: OriginalFile.objects.update(read_back_at=None)),
    "never sent": (FileState.ABSENT, lambda _path: ReceiptFile.objects.update(original_file=None)),
}


@pytest.mark.parametrize("why", UNSAFE)
def test_one_file_that_is_not_safe_keeps_a_card_from_being_formatted(stored, own_data_dir, why):
    receipt, (state, spoil) = stored(), UNSAFE[why]
    spoil(own_data_dir / "originals/one.mp4")
    assert state_of(receipt) == [state]
    receipt.refresh_from_db()
    assert receipt.safe_at is None
    assert not verdict_of(receipt).is_safe


def test_a_crew_may_want_each_video_in_the_archive_first(stored, settings, own_data_dir):
    settings.RECEIPT_WANTS_ARCHIVE = True
    receipt = stored()
    assert state_of(receipt) == ["ARCHIVING"]
    copy = ArchiveCopy.objects.create(
        original_file=OriginalFile.objects.get(), backend="local", path="a/b.mp4", sha256="0" * 64,
        state=CopyState.VERIFIED, verified_at=timezone.now(),
    )  # fmt: skip
    assert state_of(receipt) == ["ARCHIVING"], "a copy of other bytes is none"
    copy.note(sha256=OriginalFile.objects.get().file_hash)
    assert state_of(receipt) == ["SAFE"]
    OriginalFile.objects.update(evicted_at=timezone.now())
    (own_data_dir / "originals/one.mp4").unlink()
    assert state_of(receipt) == ["SAFE"], "what was removed to make room is in the archive"


def test_the_crew_is_told_once_that_a_card_is_safe_or_that_nothing_will_make_it_so(stored):
    NoticeChannel.objects.create(name="chat", kind=ChannelKind.DISCORD, shown_target="chat")
    long_ago = timezone.now() - dt.timedelta(days=2)
    NoticeChannel.objects.update(created_at=long_ago)

    def told() -> list[str]:
        look_after_receipts()
        occasions.look()
        return list(Notice.objects.order_by("created_at").values_list("title", flat=True))

    receipt = stored()
    ReceiptFile.objects.create(receipt=receipt, path="b.mp4", size_bytes=1)
    assert told() == [], "it may still come"
    Receipt.objects.update(last_file_at=timezone.now() - dt.timedelta(hours=1))
    assert told() == ["Do not format Card yet"]
    ReceiptFile.objects.filter(path="b.mp4").delete()
    assert told() == told() == ["Do not format Card yet", "Card is safe to format"]


@pytest.fixture
def card(tmp_path) -> Path:
    folder = tmp_path / "card"
    for number, name in enumerate(("DCIM/100GOPRO/GX010001.MP4", "DCIM/100GOPRO/GX010002.MP4"), 1):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(VIDEO * number)
    (folder / "DCIM/100GOPRO/GX010001.THM").write_bytes(b"thumbnail")
    return folder


def files_that_differ(folder: Path) -> list[str]:
    """Return the files of a folder that its manifest does not list, or lists with another MD5 or size.

    Where the reference implementation is installed (the package ``ascmhl``), its ``verify`` has to agree.
    """
    (manifest,) = (folder / "ascmhl").glob("0001_*.mhl")
    chain = ET.parse(folder / "ascmhl/ascmhl_chain.xml").getroot()  # noqa: S314 - our own
    assert [child.text for child in chain[0]] == [manifest.name, media_hash_list.c4_of(manifest.read_bytes())]
    root = ET.parse(manifest).getroot()  # noqa: S314 - our own
    assert [child.tag.partition("}")[2] for child in root] == ["creatorinfo", "processinfo", "hashes"], "the schema's"
    assert {element.tag.partition("}")[0] for element in root.iter()} == {"{urn:ASC:MHL:v2.0"}
    listed = {one[0].text: (int(one[0].attrib["size"]), one[1].text) for one in root[2]}
    there = {}
    for path in folder.rglob("*.MP4"):
        data = path.read_bytes()
        there[str(path.relative_to(folder))] = (len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())
    differ = sorted(path for path in listed.keys() | there.keys() if listed.get(path) != there.get(path))
    if program := shutil.which("ascmhl-debug"):
        done = subprocess.run([program, "verify", str(folder)], capture_output=True, text=True, check=False)
        assert done.returncode == (MISMATCH if differ else 0), done.stdout + done.stderr
    return differ


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("read_before")
def test_the_command_ends_with_the_receipt_of_the_card(card, monkeypatch, capsys):
    wait, wait_more = command.Command._wait, command.Command._wait_for_receipt
    monkeypatch.setattr(command.Command, "_wait", lambda *args: (work(JobKind.INGEST), wait(*args)))
    monkeypatch.setattr(command.Command, "_wait_for_receipt", lambda one: (work(JobKind.READ_BACK), wait_more(one)))
    call_command("ingest", str(card), "--receipt", str(card))
    said = capsys.readouterr().out
    receipt = Receipt.objects.get()
    assert "Safe to format: 2 files stored and read back." in said
    assert reverse("clips:receipt", args=[receipt.pk]) in said
    assert (receipt.name, receipt.n_left_alone, receipt.safe_at is not None) == ("card", 1, True)
    written = json.loads((card / "receipt.json").read_text())
    assert [file["path"] for file in written["files"]] == ["DCIM/100GOPRO/GX010001.MP4", "DCIM/100GOPRO/GX010002.MP4"]
    (manifest,) = (card / "ascmhl").glob("0001_card_*.mhl")
    assert f"<c4>{media_hash_list.c4_of(manifest.read_bytes())}</c4>" in (card / "ascmhl/ascmhl_chain.xml").read_text()
    OriginalFile.objects.update(damaged_at=timezone.now(), read_back_at=None)
    call_command("ingest", str(card))
    assert "Do not format yet" not in capsys.readouterr().out, "what is damaged came again, and was read back"


@pytest.fixture
def incoming(settings, card) -> IncomingFolder:
    settings.INCOMING_REST_SECONDS = settings.INCOMING_QUIET_SECONDS = 0
    settings.INCOMING_DIR.mkdir()
    card.rename(settings.INCOMING_DIR / "Backyard Rails")
    return IncomingFolder(settings.INCOMING_DIR)


@pytest.mark.slow
@pytest.mark.usefixtures("read_before")
def test_the_incoming_folder_writes_the_receipt_beside_the_files(incoming, settings):
    settings.INCOMING_QUIET_SECONDS = 600
    for _time in range(3):
        incoming.look()
        work(JobKind.INGEST, JobKind.READ_BACK)
    receipt, folder = Receipt.objects.get(), settings.INCOMING_DIR / "done" / timezone.localdate().isoformat()
    assert state_of(receipt) == ["SAFE", "SAFE"]
    assert not verdict_of(receipt).is_safe, "more may come"
    settings.INCOMING_QUIET_SECONDS = 0
    incoming.look(), look_after_receipts(), incoming.look()
    beside = folder / "Backyard Rails"
    assert json.loads((beside / "receipt.json").read_text())["safe_to_format"]
    late = settings.INCOMING_DIR / "Backyard Rails/DCIM/100GOPRO/GX010003.MP4"
    late.parent.mkdir(parents=True, exist_ok=True)
    late.write_bytes(VIDEO * 3)
    incoming.look()
    assert not verdict_of(Receipt.objects.get()).is_safe, "one that gets another file is open again"
    for _time in range(2):
        work(JobKind.INGEST, JobKind.READ_BACK)
        incoming.look(), look_after_receipts(), incoming.look()
    assert json.loads((beside / "receipt.json").read_text())["n_safe"] == 3
    assert len(list((beside / "ascmhl").glob("*.mhl"))) == 1
    assert files_that_differ(beside) == []
    (beside / "DCIM/100GOPRO/GX010003.MP4").write_bytes(VIDEO * 4)
    assert files_that_differ(beside) == ["DCIM/100GOPRO/GX010003.MP4"]


@pytest.mark.slow
@pytest.mark.usefixtures("read_before")
def test_a_folder_with_a_bad_file_has_a_receipt_that_says_so(incoming, settings, monkeypatch):
    bad = settings.INCOMING_DIR / "Backyard Rails/DCIM/100GOPRO/notes.mp4"
    bad.write_text("Dear diary.")
    monkeypatch.undo()
    settings.INCOMING_REST_SECONDS = settings.INCOMING_QUIET_SECONDS = 0
    for _time in range(4):
        incoming.look()
        work(JobKind.INGEST, JobKind.READ_BACK)
        look_after_receipts()
    receipt = Receipt.objects.get()
    assert "FAILED" in state_of(receipt)
    assert receipt.written_as == "missing"
    written = settings.INCOMING_DIR / "failed" / timezone.localdate().isoformat() / "Backyard Rails/receipt.json"
    said = json.loads(written.read_text())
    assert not said["safe_to_format"]
    assert {file["says"] for file in said["files"] if file["path"].endswith("notes.mp4")} == {
        "This is a text file, not a video."
    }
    assert Upload.objects.filter(state="FAILED").exists()


def test_the_c4_id_of_nothing_is_the_one_of_the_standard():
    empty = "c459dsjfscH38cYeXXYogktxf4Cd9ibshE3BHUo6a58hBXmRQdZrAkZzsWcbWtDg5oQstpDuni4Hirj75GEmTc1sFT"
    assert media_hash_list.c4_of(b"") == empty
