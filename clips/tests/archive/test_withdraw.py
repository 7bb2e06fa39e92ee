"""A keep that is undone after it was archived: the archive gives the clip back, and destroys nothing."""

import uuid

import pytest
from django.conf import settings as django_settings

from clips.archive.local import TRASH_FOLDER, LocalArchive
from clips.models import CopyState, FinalClip, Job, JobKind, JobState
from clips.sorting.decisions import choice_of, keep
from clips.sorting.undo import undo
from clips.tests.jobs.test_render_and_archive import filmed, kept  # noqa: F401

pytestmark = pytest.mark.slow


def undo_last(clip: FinalClip, lease: uuid.UUID | None = None) -> None:
    undo(lease=lease or uuid.uuid4(), key=uuid.uuid4(), member=clip.created_by)


def test_the_copy_moves_to_the_trash_beside_the_archive(kept, work_off):  # noqa: F811
    work_off()
    copy = kept.copies.get()
    data = (django_settings.ARCHIVE_DIR / copy.path).read_bytes()
    undo_last(kept)
    assert work_off() == [JobKind.WITHDRAW]
    copy.refresh_from_db()
    assert (copy.state, copy.verified_at) == (CopyState.WITHDRAWN, None)
    assert not (django_settings.ARCHIVE_DIR / copy.path).exists()
    assert (django_settings.ARCHIVE_DIR / TRASH_FOLDER / copy.path).read_bytes() == data


def test_what_is_kept_again_comes_back_out_of_the_trash(kept, work_off):  # noqa: F811
    work_off()
    copy = kept.copies.get()
    lease = uuid.uuid4()
    undo_last(kept, lease)
    work_off()
    again = keep(kept.candidate_segment, choice_of(kept), lease=lease, key=uuid.uuid4(), member=kept.created_by)
    assert again.pk == kept.pk
    assert work_off() == [JobKind.ARCHIVE], "nothing is cut again"
    copy.refresh_from_db()
    assert copy.state == CopyState.VERIFIED
    assert (django_settings.ARCHIVE_DIR / copy.path).is_file()
    assert not (django_settings.ARCHIVE_DIR / TRASH_FOLDER / copy.path).exists()


def test_a_copy_that_nobody_noted_is_taken_back_too(kept, work_off):  # noqa: F811
    work_off()
    path = kept.copies.get().path
    kept.copies.update(state=CopyState.SENDING, verified_at=None)  # the worker died between the copy and the note
    undo_last(kept)
    work_off()
    assert not (django_settings.ARCHIVE_DIR / path).exists()
    assert (django_settings.ARCHIVE_DIR / TRASH_FOLDER / path).is_file()


def test_an_undo_while_it_is_sent_takes_it_back(kept, work_off, monkeypatch):  # noqa: F811
    real = LocalArchive.put

    def put_and_undo(self, *args, **kwargs):
        file_id = real(self, *args, **kwargs)
        undo_last(kept)
        return file_id

    monkeypatch.setattr(LocalArchive, "put", put_and_undo)
    work_off()
    assert Job.objects.get(kind=JobKind.ARCHIVE).state == JobState.CANCELLED
    files = [path for path in django_settings.ARCHIVE_DIR.rglob("*.mp4") if TRASH_FOLDER not in path.parts]
    assert files == []
    assert not kept.copies.filter(state=CopyState.VERIFIED).exists()


def test_the_trash_never_writes_over_what_it_holds(tmp_path):
    archive = LocalArchive(tmp_path)
    for data in (b"one", b"two"):
        (tmp_path / "a.mp4").write_bytes(data)
        assert archive.trash("a.mp4")
    assert sorted(path.read_bytes() for path in (tmp_path / TRASH_FOLDER).iterdir()) == [b"one", b"two"]
    assert archive.trash("a.mp4") is False
