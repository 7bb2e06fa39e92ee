"""Tests that bits that flip on the disk are found, told of, and mended from the archive or by another upload."""

import datetime as dt
import hashlib

import pytest
from django.utils import timezone

from clips.disk import fetching
from clips.integrity import read_back, scrub
from clips.integrity.finding import Kind
from clips.integrity.run import audit
from clips.jobs.worker import claim
from clips.models import (
    ArchiveCopy,
    ChannelKind,
    CopyState,
    Job,
    JobKind,
    JobState,
    Notice,
    NoticeChannel,
    OriginalFile,
)
from clips.notifications import occasions
from clips.storage import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def read(work_off):
    """Return a function that reads an original back with the real job, and returns its row."""

    def read(original: OriginalFile) -> OriginalFile:
        Job.objects.for_target(JobKind.READ_BACK, original)
        work_off()
        return OriginalFile.objects.get(pk=original.pk)

    return read


@pytest.fixture
def channel() -> None:
    NoticeChannel.objects.create(name="chat", kind=ChannelKind.DISCORD, shown_target="chat")
    NoticeChannel.objects.update(created_at=timezone.now() - dt.timedelta(days=30))


def flip(original: OriginalFile, data_dir, place: int = 150_000) -> None:
    with (data_dir / original.stored_path).open("r+b") as file:
        file.seek(place)
        bits = file.read(1)[0]
        file.seek(place)
        file.write(bytes([bits ^ 0b100]))


def told() -> list[str]:
    occasions.look()
    return list(Notice.objects.order_by("created_at").values_list("title", flat=True))


def test_a_file_as_it_came_is_noted_with_the_sums_of_its_bytes(make_original, own_data_dir, read, channel):
    original = read(make_original())
    data = (own_data_dir / original.stored_path).read_bytes()
    assert original.read_back_at is not None
    assert original.md5 == hashlib.md5(data, usedforsecurity=False).hexdigest()
    assert (original.damaged_at, told()) == (None, [])


def test_a_flipped_bit_is_found_and_mended_from_the_archive(make_original, archive_it, own_data_dir, read, channel):
    original = make_original()
    archive_it(original)
    flip(original, own_data_dir)
    original = read(original)
    assert files.sha256_of(own_data_dir / original.stored_path) == original.file_hash
    assert original.mended_at is not None
    assert original.read_back_at > original.mended_at, "what was put in its place was read back, too"
    assert not fetching.part_path(original).exists()
    assert told() == ["GX010001.MP4 was damaged on the disk, and is restored"]
    assert told() == ["GX010001.MP4 was damaged on the disk, and is restored"]


def test_a_flipped_bit_that_no_archive_mends_is_told_until_somebody_uploads_the_file_again(
    make_original, own_data_dir, read, channel
):
    original = make_original()
    whole = (own_data_dir / original.stored_path).read_bytes()
    flip(original, own_data_dir)
    original = read(original)
    assert original.damaged_at is not None
    assert original.read_back_at is None
    assert told() == ["GX010001.MP4 is damaged on the disk"]
    assert [found.kind for found, _mended in audit() if found.kind == Kind.ORIGINAL_CHANGED] == [Kind.ORIGINAL_CHANGED]
    assert fetching.put_back(original, lambda path: (own_data_dir / path).write_bytes(whole))
    original = read(original)
    assert (original.damaged_at, original.read_back_at is not None) == (None, True)


def test_a_copy_that_is_damaged_as_well_is_not_taken_and_what_is_here_stays(
    make_original, archive_it, own_data_dir, settings
):
    original = make_original()
    archive_it(original)
    flip(original, own_data_dir)
    here = (own_data_dir / original.stored_path).read_bytes()
    copy = ArchiveCopy.objects.get(state=CopyState.VERIFIED)
    (settings.ARCHIVE_DIR / copy.path).write_bytes(b"x" * original.size_bytes)
    job = Job.objects.for_target(JobKind.READ_BACK, original)
    with claim(job.pk) as work:
        read_back.read_back(work)
    job.refresh_from_db()
    assert (job.state, (own_data_dir / original.stored_path).read_bytes()) == (JobState.WAITING, here)
    assert OriginalFile.objects.get().damaged_at is not None


def test_a_file_that_is_gone_counts_as_damaged(make_original, own_data_dir, read):
    original = make_original()
    (own_data_dir / original.stored_path).unlink()
    assert read(original).damaged_at is not None


def test_each_night_has_its_share_and_those_not_read_for_the_longest_come_first(make_original, settings):
    settings.SCRUB_DAYS = 4
    now = timezone.now()
    originals = [make_original(f"{number}.MP4", 1000) for number in range(8)]
    for number, days_ago in enumerate([None, 9, 8, 7, 6, 5, 1, 0]):
        if days_ago is not None:
            read_at = now - dt.timedelta(days=days_ago)
            OriginalFile.objects.filter(pk=originals[number].pk).update(read_back_at=read_at, md5="0" * 32)
    assert scrub.tonight() == 2
    jobs = Job.objects.filter(kind=JobKind.READ_BACK).values_list("original_file__original_filename", flat=True)
    assert set(jobs) == {"0.MP4", "1.MP4"}
    settings.SCRUB_DAYS = 0
    assert scrub.tonight() == 0


def test_it_reads_no_faster_than_it_may_unless_somebody_waits(make_original, monkeypatch, settings):
    settings.SCRUB_BYTES_PER_S = 1000
    now_s, naps = [0.0], []
    monkeypatch.setattr(read_back.time, "monotonic", lambda: now_s[0])
    monkeypatch.setattr(read_back.time, "sleep", lambda s: (naps.append(s), now_s.__setitem__(0, now_s[0] + s)))
    original = make_original(size_bytes=3000)
    for hurries, napped_s in ((False, 3.0), (True, 0.0)):
        naps.clear()
        job = Job.objects.for_target(JobKind.READ_BACK, original, params={read_back.HURRIES: hurries})
        with claim(job.pk) as work:
            read_back.read_back(work)
        assert sum(naps) == pytest.approx(napped_s, abs=read_back.NAP_S)
