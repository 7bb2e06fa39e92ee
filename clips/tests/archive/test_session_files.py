"""Tests that the archive alone gives all rows back after the database is lost, row by row."""

import datetime as dt
import hashlib
import json
import re
import uuid
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from clips.archive import session_filing, session_text, tasks
from clips.archive.configured import archive_backend
from clips.archive.renaming import stem_of
from clips.integrity.archive_checks import archive_and_rows
from clips.integrity.finding import Kind
from clips.models import (
    ArchiveCopy,
    ArchiveFolder,
    ArchiveMarker,
    ArchiveRoot,
    ArchiveTouch,
    BinEntry,
    CameraClock,
    CameraName,
    CandidateSegment,
    Comment,
    CopyState,
    CrewLayer,
    Decision,
    DetectionRun,
    FileName,
    FinalClip,
    Heart,
    Job,
    JobKind,
    JobState,
    KeptPart,
    OriginalFile,
    Reaction,
    Reel,
    ReelClip,
    SavedView,
    SessionFile,
    Shoot,
    Speaker,
    Subject,
    VideoPair,
)
from clips.models.bin import BinKind
from clips.storage.files import sha256_of
from clips.tests.archive.crew import lying
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from people.models import Member, Person, PersonAlias
from tricks.models import Trick, TrickAlias

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

#: In the order in which they can be deleted.
TABLES: tuple[type[models.Model], ...] = (
    Comment, Reaction, VideoPair, CrewLayer,
    Job, ArchiveCopy, SessionFile, ArchiveFolder, ArchiveMarker, ArchiveRoot, SavedView, ReelClip, Reel, Heart,
    Decision,
    FinalClip.also.through, FinalClip, FileName, CandidateSegment, DetectionRun, KeptPart, OriginalFile, Shoot,
    BinEntry,
    CameraName, CameraClock, TrickAlias, Trick, Member, PersonAlias, Person,
)  # fmt: skip
#: What cannot be as it was: numbers that nothing refers to, logins, when a copy was last looked at, and rows that tell
#: of the archive and not of the crew.
NOT_COMPARED = {
    ArchiveCopy: {"id", "verified_at", "folder_id"}, Member: {"password", "login_mark", "last_login"}, Heart: {"id"},
    Reaction: {"id"},
    FinalClip.also.through: {"id"}, FileName: {"id"}, CameraName: {"id"}, CameraClock: {"id"}, TrickAlias: {"id"},
    PersonAlias: {"id"}, DetectionRun: {"curve"},
}  # fmt: skip
OF_THE_ARCHIVE = {Job, SessionFile, ArchiveFolder, ArchiveMarker, ArchiveRoot}
ODD_NAMES = ("Zoë Müller-Lüdenscheidt", "李小龙", "Ḥasan O’Neill", "Жанна д’Арк")


def table() -> dict[str, list[str]]:
    """Return all rows of the crew, as text."""
    found = {}
    for model in TABLES:
        if model in OF_THE_ARCHIVE:
            continue
        left_out = NOT_COMPARED.get(model, set())
        rows = [{name: value for name, value in row.items() if name not in left_out} for row in model.objects.values()]
        found[model.__name__] = sorted(str(sorted(row.items(), key=lambda pair: pair[0])) for row in rows)
    return found


def rebuilt(*options: str) -> str:
    out = StringIO()
    call_command("rebuild_from_archive", *options, stdout=out)
    return out.getvalue()


def described(work_off) -> None:
    """Let the minute pass after which sessions are described."""
    tasks.describe_sessions()
    work_off()


@pytest.fixture
def crew(backend, request, make_clip, work_off, sorter, other_sorter, admin) -> list[FinalClip]:
    """A crew with a bit of everything, all of it archived and described."""
    if backend.name == "drive":
        request.getfixturevalue("drive").store.search_lag_s = 0
    zoe, bruce, hasan, jeanne = (Person.objects.add(name) for name in ODD_NAMES)
    for person, alias in ((zoe, "Zo"), (zoe, "Mülli"), (bruce, "Bruce")):
        PersonAlias.objects.create(person=person, name=alias)
    sorter.ride_as(zoe)
    slide = Trick.objects.add("Switch FS Boardslide 270", category="RAIL")
    TrickAlias.objects.create(trick=slide, name="boardy")
    cab = Trick.objects.add("Cab 900", category="JUMP")
    shoots = [Shoot.objects.called(name, dt.date(2024, 12, day)) for name, day in
              (("Rails / Jibs", 1), ("Rails Jibs", 1), ("Ночь 🏂 夜", 2))]  # fmt: skip
    Shoot.objects.filter(pk=shoots[2].pk).update(time_zone="Asia/Tokyo", sensitivity=0)
    read = {"probed_at": timezone.now(), "recorded_at": timezone.now(), "duration_ms": 60_000, "camera_serial": "C34"}
    read |= {"rate_num": 30, "rate_den": 1, "capture_rate_num": 240, "capture_rate_den": 1, "width_px": 1920}
    read |= {"probe": {"way": {"ending": "mp4"}, "pix_fmt": "yuv420p"}, "height_px": 1080, "uploader": sorter}
    videos = [
        OriginalFileFactory(
            shoot=shoot, original_filename=f"GX0{n}.MP4", stored_path=f"originals/film{n}.mp4", **read,
            evicted_at=timezone.now(), file_hash=hashlib.sha256(bytes(1000) if n == 1 else b"%d" % n).hexdigest(),
        ) for n, shoot in enumerate(shoots)
    ]  # fmt: skip
    put = django_settings.DATA_DIR / videos[1].stored_path
    put.parent.mkdir(exist_ok=True)
    put.write_bytes(bytes(videos[1].size_bytes))
    OriginalFile.objects.filter(pk=videos[1].pk).update(evicted_at=None)
    small = OriginalFileFactory(
        shoot=shoots[0], low_res_of=videos[0], original_filename="GL00.LRV", evicted_at=timezone.now()
    )
    first, second = sorted([videos[0], small], key=lambda video: video.pk)
    decided = {"state": "CONFIRMED", "decided_by": sorter, "decided_at": timezone.now(), "nudge_us": 16_667}
    lies = {"offset_ms": -1200, "drift_ppm": 30.5, "confidence": 0.9, "found_at": timezone.now()}
    VideoPair.objects.create(first=first, second=second, **lies, **decided)
    run = DetectionRunFactory(original_file=videos[0], parameters={"quick": True}, timings={"read_s": 1.25})
    moments = [CandidateSegmentFactory(original_file=videos[0], run=run, score=0.5 + n / 10, start_ms=n * 9000,
               end_ms=n * 9000 + 4000, features={"air_s": 0.4}, why="Pop and landing") for n in range(3)]  # fmt: skip
    CandidateSegment.objects.filter(pk=moments[2].pk).update(plain_score=0.6, crew_why="your crew keeps short air")
    DetectionRun.objects.filter(pk=run.pk).update(layer_version=2)
    when = {"learned_until": timezone.now(), "changed_at": timezone.now()}
    counts = {"n_decisions": 214, "n_kept": 80, "n_sessions": 6}
    CrewLayer.objects.create(version=1, state="FORGOTTEN", changed_by=sorter, **counts, **when)
    CrewLayer.objects.create(
        version=2, state="IN_USE", layer={"format": 1, "kinds": {"heard, held": {"bias": 0.1}}}, more=0.09, gain=0.01,
        used_since=timezone.now(), **counts, **when,
    )  # fmt: skip
    child = CandidateSegmentFactory(original_file=videos[0], parent=moments[0], start_ms=500, end_ms=900)
    Shoot.objects.filter(pk=shoots[0].pk).update(cover=moments[0])
    CandidateSegment.objects.filter(pk=moments[1].pk).update(status="TRASHED")
    CandidateSegment.objects.filter(pk=moments[0].pk).update(status="ACCEPTED")
    undo = Decision.objects.create(kind="UNDO", segment=child, member=other_sorter, member_name="jo")
    Decision.objects.create(
        kind="KEEP", segment=moments[0], member=sorter, member_name="mia", before={"status": "UNREVIEWED"}
    )
    Decision.objects.create(kind="TRASH", segment=child, member=other_sorter, member_name="jo", undone_by=undo)
    lineage = uuid.uuid4()
    wanted = [
        {"person": zoe, "trick": slide, "candidate_segment": moments[0], "created_by": sorter},
        {"person": bruce, "trick": cab, "category": "CRASH", "original_file": videos[1]},
        {"person": None, "trick": None, "category": "BROLL", "original_file": videos[2]},
        {"person": hasan, "trick": None, "category": "CRASH", "original_file": videos[2]},
        {"person": jeanne, "trick": slide, "lineage": lineage, "is_current": False},
        {"person": jeanne, "trick": cab, "lineage": lineage},
        {"person": zoe, "trick": cab},
    ]
    clips = [kept(make_clip, {"original_file": videos[0]} | fields) for fields in wanted]
    OriginalFile.objects.filter(file_hash="a" * 64).delete()
    Shoot.objects.filter(name="Backyard Rails").delete()
    clips[0].also.set([bruce, jeanne])
    clips[3].also.set([zoe])
    thrown = BinEntry.objects.create(
        kind=BinKind.CLIPS, title="a clip", thrown_by=admin, thrown_by_name="ada", n_clips=1
    )
    for clip, member in ((clips[0], sorter), (clips[0], admin), (clips[5], other_sorter)):
        Heart.objects.give([clip.lineage], member)
    FinalClip.objects.filter(lineage=clips[5].lineage).update(stars=4)
    edit = Reel.objects.create(name="Сезон 2024 — «best of»", shoot=shoots[0], made_by=sorter, made_by_name="mia")
    for position, clip in enumerate((clips[5], clips[0], clips[5]), 1):
        ReelClip.objects.create(reel=edit, position=position, lineage=clip.lineage, start_ms=100 * position,
                                end_ms=2000, speed=50, title="Zoë", has_sound=position != 2)  # fmt: skip
    guest = {"name": "Онкел Бо", "is_guest": True, "guest": uuid.uuid4()}
    for about in ({"lineage": clips[0].lineage}, {"reel": edit}):
        Comment.objects.create(text="Clean!\n🏂", name="mia", member=sorter, **about)
        Comment.objects.create(text="«Wow»", state="WAITING", **guest, **about)
        of = Subject(lineage=about.get("lineage"), reel_id=edit.pk if "reel" in about else None)
        Reaction.objects.give(of, "FIRE", Speaker(member=sorter))
        Reaction.objects.create(kind="WOW", guest=guest["guest"], **about)
    CameraName.objects.create(camera_id="CAM_GOPRO11", serial="C34", name="helmet cam")
    CameraClock.objects.create(camera_id="CAM_GOPRO11", day=dt.date(2024, 12, 1), offset_s=-3600)
    SavedView.objects.create(name="crashes", query="category=CRASH", is_crews=True, member=sorter)
    for thing in (*clips, videos[1]):
        Job.objects.for_target(JobKind.ARCHIVE, thing)
    work_off()
    now = timezone.now()
    in_bin = {"removed_at": now, "is_current": False, "was_current": True, "bin_entry": thrown}
    FinalClip.objects.filter(pk=clips[6].pk).update(**in_bin)
    FinalClip.objects.all().refresh_search()
    assert ArchiveCopy.objects.filter(state=CopyState.VERIFIED).count() == len(clips) + 1
    described(work_off)
    return list(FinalClip.objects.order_by("start_ms"))


def kept(make_clip, fields: dict) -> FinalClip:
    """Return a cut clip with the name that the site gives it."""
    video = fields.pop("original_file")
    clip = make_clip(size_bytes=2000, **fields)
    clip.original_file = video
    FinalClip.objects.filter(pk=clip.pk).update(original_file=video)
    shoot = Shoot.objects.get(pk=video.shoot_id)
    name = FileName.objects.allocate(stem_of(clip))
    FinalClip.objects.filter(pk=clip.pk).update(filename=str(name), date=shoot.date)
    clip.refresh_from_db()
    return clip


def lose() -> None:
    """Lose the database."""
    FinalClip.objects.update(candidate_segment=None)
    Shoot.objects.update(cover=None)
    for model in TABLES:
        model.objects.all()._raw_delete("default")
    ArchiveTouch.objects.all().delete()


def files_there(request, backend) -> dict:
    return lying(request.getfixturevalue("drive") if backend.name == "drive" else None)


def videos_there(request, backend) -> dict:
    return {name: file for name, file in files_there(request, backend).items() if not file[0].endswith(".json")}


def test_all_rows_are_as_they_were_and_nothing_in_the_archive_moves(crew, backend, request, work_off):
    before, there = table(), videos_there(request, backend)
    assert sum(map(len, before.values())) > 60
    lose()
    assert not any(table().values())
    (django_settings.DATA_DIR / crew[0].stored_path).unlink()
    before_dry = rebuilt("--dry-run")
    assert "Nothing was written." in before_dry
    assert not Person.objects.exists()
    text = rebuilt()
    after = table()
    differing = {name: sorted(set(after[name]) ^ set(rows)) for name, rows in before.items() if after[name] != rows}
    assert not differing, f"{differing}\n{text}"
    assert "left out" not in text
    assert "lie elsewhere" not in text
    assert "1  clips to be fetched from the archive" in text
    work_off()
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    assert sha256_of(django_settings.DATA_DIR / crew[0].stored_path) == crew[0].file_hash, "it plays without its video"
    call_command("rearchive", "--no-wait")
    work_off()
    assert videos_there(request, backend) == there
    assert table() == before, "and a second time changes nothing"
    assert f"{len(crew)}  clips already here" in rebuilt()


def test_session_files_are_small_read_by_people_and_written_when_something_changed(crew, backend, work_off):
    files = {file.path: file for file in SessionFile.objects.all()}
    assert len(files) == 4, "three sessions, two of them in one folder, and the crew"
    revisions = {path: file.revision for path, file in files.items()}
    described(work_off)
    assert {file.path: file.revision for file in SessionFile.objects.all()} == revisions, "nothing changed"
    assert not ArchiveTouch.objects.exists()
    Heart.objects.all().delete()
    Comment.objects.filter(reel=None).delete()
    Person.objects.filter(slug="Bruce").delete()
    tasks.describe_sessions()
    assert session_filing.follow_changes() == 0, "one job for each is enough"
    assert set(work_off()) == {JobKind.RECORD}
    changed = {file.path for file in SessionFile.objects.all() if file.revision > revisions[file.path]}
    assert len(changed) == 1, "hearts and comments are in one session's file"
    target = django_settings.DATA_DIR / "read.json"
    backend.fetch(SessionFile.objects.get(path=changed.pop()).remote_id, target)
    text = target.read_text(encoding="utf-8")
    assert "Zoë Müller-Lüdenscheidt" in text
    assert "with " in text
    assert len(text) < 30_000
    assert json.loads(text)["trickyclip"] == session_text.VERSION


def test_a_session_that_is_renamed_takes_its_file_along(crew, backend, work_off):
    shoot = Shoot.objects.get(date=dt.date(2024, 12, 2))
    shoot.name, shoot.slug = "Night", "Night"
    shoot.save()
    described(work_off)
    named = [found for found in backend.session_files() if found.folders[-1] == "2024-12-02 - Night"]
    assert [found.held.filename for found in named] == ["trickyclip.json"]
    assert len(list(backend.session_files())) == 4, "none is left behind"


def test_files_that_another_site_signed_are_a_question(crew, settings, backend, request, work_off):
    before = table()
    lose()
    settings.SECRET_KEY = "another site's"
    with pytest.raises(CommandError, match="--accept") as asked:
        rebuilt()
    assert not Shoot.objects.exists()
    signer = str(asked.value).partition("--accept ")[2].split(".")[0]
    assert f"4  session files not read, signed by {signer}" in rebuilt("--dry-run")
    rebuilt("--accept", signer)
    assert table()["FinalClip"] == before["FinalClip"]
    described(work_off)
    lose()
    assert "signed by" not in rebuilt(), "what was accepted is signed anew, and the next time nobody is asked"
    assert table()["FinalClip"] == before["FinalClip"]
    texts = [path for path, _sha256, is_trashed in files_there(request, backend).values() if not is_trashed]
    assert sum("/trickyclip before " in path for path in texts) == 4, "and theirs are kept"


def test_a_file_that_somebody_changed_or_deleted_is_found_and_written_again_beside_theirs(
    crew, backend, request, work_off
):
    SessionFile.objects.update(written_at=timezone.now() - dt.timedelta(hours=2))
    changed, deleted = SessionFile.objects.get(shoot=None), SessionFile.objects.exclude(shoot=None).first()
    if backend.name == "drive":
        store = request.getfixturevalue("drive").store
        store.revise(changed.remote_id, b"{}")
        store.trash(deleted.remote_id)
    else:
        (backend.root / changed.path).write_bytes(b"{}")
        (backend.root / deleted.path).unlink()
    found = [found for found in archive_and_rows(checksums=False) if found.kind == Kind.SESSION_FILE]
    assert {one.key for one in found} == {str(changed.pk), str(deleted.pk)}
    assert all(one.mend() for one in found)
    described(work_off)
    assert [found for found in archive_and_rows(checksums=False) if found.kind == Kind.SESSION_FILE] == []
    theirs = hashlib.sha256(b"{}").hexdigest()
    kept = [path for path, sha256, is_trashed in files_there(request, backend).values() if sha256 == theirs]
    assert len(kept) == 1
    assert "/trickyclip before " in kept[0]
    before = table()
    lose()
    rebuilt()
    assert table() == before


def test_a_file_that_somebody_changed_is_not_believed_unasked(crew, backend, tmp_path):
    if backend.name == "drive":
        pytest.skip("how the bytes came to be changed makes no difference")
    path = backend.root / SessionFile.objects.get(shoot=None).path
    path.write_text(path.read_text(encoding="utf-8").replace('"ADMIN"', '"VIEWER"'), encoding="utf-8")
    lose()
    with pytest.raises(CommandError, match="--accept changed"):
        rebuilt()
    path.write_text("{", encoding="utf-8")
    assert "This file is damaged" in rebuilt("--dry-run")


def test_what_a_rebuild_finds_elsewhere_is_moved_only_when_the_list_was_confirmed(crew, backend, request, work_off):
    """Also where only names and folders are left: no session file, and a session that is called otherwise by now."""
    clip = FinalClip.objects.filter(is_current=True, person__slug__startswith="Zoe").first()
    person = Person.objects.get(pk=clip.person_id)
    lose()
    rebuilt()
    there = videos_there(request, backend)
    Person.objects.filter(pk=person.pk).update(display_name="Zoe M", slug="Zoe_M")
    ArchiveCopy.objects.all().delete()
    text = rebuilt()
    n_moves = int(re.search(r"--move (\d+)", text)[1])
    assert n_moves >= 1
    call_command("rearchive", "--no-wait")
    work_off()
    assert videos_there(request, backend) == there, "not by what follows either"
    with pytest.raises(CommandError, match="Look at the list first"):
        rebuilt("--move", str(n_moves + 1))
    assert f"Jobs will move {n_moves} file" in rebuilt("--move", str(n_moves))
    work_off()
    assert videos_there(request, backend) != there
    assert archive_backend().look(clip_copy(clip).remote_id).folder_id == clip_copy(clip).folder.remote_id
    assert "/Zoe_M/" in clip_copy(clip).path


def clip_copy(clip: FinalClip) -> ArchiveCopy:
    return ArchiveCopy.objects.select_related("folder").get(clip=clip.pk)
