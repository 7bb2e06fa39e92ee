"""Tests how share videos are made and deleted: each once, and none of deleted clips."""

import uuid
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from clips.disk.usage import _parts
from clips.media.sandbox import runner
from clips.models import (
    CandidateSegment,
    FinalClip,
    Job,
    JobKind,
    JobState,
    SharedCopy,
    ShareLink,
    ShareSound,
)
from clips.sharing import links
from clips.sharing.tasks import remove_orphans, share
from clips.sorting import decisions, undo
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.media.made_up import shown_numbers


def run_share() -> Job:
    job = Job.objects.active().get(kind=JobKind.SHARE)
    share(str(job.pk))
    job.refresh_from_db()
    return job


def file_of(copy: SharedCopy) -> Path:
    return django_settings.DATA_DIR / SharedCopy.objects.get(pk=copy.pk).stored_path


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_each_wanted_copy_is_made_in_its_own_way(clip):
    plain = links.want_copy(clip)
    slowed = links.want_copy(clip, 4, ShareSound.DROP)
    assert Job.objects.filter(kind=JobKind.SHARE).count() == 1, "one job for a clip"
    assert run_share().state == JobState.DONE
    assert SharedCopy.objects.get(pk=slowed.pk).stored_path, "what was wanted last comes first"
    assert run_share().state == JobState.DONE
    assert not Job.objects.active().filter(kind=JobKind.SHARE).exists()
    for copy in (plain, slowed):
        assert shown_numbers(file_of(copy)) == list(range(60, 121))
        assert SharedCopy.objects.get(pk=copy.pk).size_bytes == file_of(copy).stat().st_size
    assert not list(django_settings.SCRATCH_DIR.iterdir())


def made_up(function, arguments, **_limits):
    Path(arguments["out"]).write_bytes(b"video")
    return {"size_bytes": 5}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_wanted_while_another_copy_is_made_follows_by_itself(clip, monkeypatch):
    def somebody_asks_meanwhile(function, arguments, **limits):
        if not SharedCopy.objects.filter(slow_down=2).exists():
            links.want_copy(clip, 2)
        return made_up(function, arguments, **limits)

    monkeypatch.setattr(runner, "run", somebody_asks_meanwhile)
    links.want_copy(clip)
    run_share()
    run_share()
    assert SharedCopy.objects.exclude(stored_path="").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_copy_of_a_clip_that_is_undone_meanwhile_is_not_kept(clip, monkeypatch):
    def somebody_undoes_meanwhile(function, arguments, **limits):
        FinalClip.objects.update(is_current=False, removed_at=timezone.now())
        Job.objects.get(kind=JobKind.SHARE).cancel()
        links.drop_copies(clip)
        return made_up(function, arguments, **limits)

    monkeypatch.setattr(runner, "run", somebody_undoes_meanwhile)
    links.want_copy(clip)
    assert run_share().state == JobState.CANCELLED
    assert not (django_settings.DATA_DIR / links.FOLDER).exists()


def test_a_copy_that_is_there_is_not_made_again(clip, copy):
    assert links.want_copy(clip) == copy
    assert links.want_copy(clip, 1, ShareSound.DROP) == copy, "at its own speed the sound is always kept"
    assert not Job.objects.exists()


def test_a_copy_whose_file_is_lost_is_made_again(clip, copy):
    file_of(copy).unlink()
    links.want_copy(clip)
    assert Job.objects.get().kind == JobKind.SHARE
    copy.refresh_from_db()
    assert (copy.stored_path, copy.size_bytes) == ("", None)


def test_who_looks_at_the_gap_goes_first(clip):
    links.want_copy(clip, priority=links.LAST)
    assert Job.objects.get().priority == links.LAST
    links.want_copy(clip, priority=links.URGENT)
    links.want_copy(clip, priority=links.ASKED)
    assert Job.objects.get().priority == links.URGENT


def test_of_a_removed_clip_no_copy_is_made(clip):
    FinalClip.objects.update(is_current=False, removed_at=timezone.now())
    with pytest.raises(links.NotSharableError):
        links.want_copy(clip)


@pytest.mark.parametrize(
    ("rate", "offered"),
    [((30, 1), [1]), ((48, 1), [1, 2]), ((60000, 1001), [1, 2]), ((120, 1), [1, 2, 4]), ((240000, 1001), [1, 2, 4, 8])],
)
def test_slow_motion_is_offered_as_long_as_it_moves(filmed, rate, offered):
    filmed.rate_num, filmed.rate_den = rate
    assert links.slow_downs(filmed) == offered


@pytest.mark.django_db(transaction=True)
def test_an_undone_clip_loses_its_copies_their_files_and_links(filmed, sorter, client):
    lease, key = uuid.uuid4(), uuid.uuid4()
    CandidateSegmentFactory(original_file=filmed, start_ms=0, end_ms=1_500)
    (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    choice = decisions.Choice(start_ms=500, end_ms=1_000)
    clip = decisions.keep(segment, choice, lease=lease, key=key, member=sorter)
    copy = links.want_copy(clip)
    path = django_settings.DATA_DIR / links.stored_path(copy.pk)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"video")
    SharedCopy.objects.update(stored_path=links.stored_path(copy.pk), size_bytes=5)
    _link, secret = ShareLink.objects.issue(copy, sorter)
    assert client.get(reverse("clips:shared", args=[secret])).status_code == 200
    undo.undo(lease=lease, key=uuid.uuid4(), member=sorter)
    assert not SharedCopy.objects.exists()
    assert not path.exists()
    assert not Job.objects.active().filter(kind=JobKind.SHARE).exists()
    assert client.get(reverse("clips:shared", args=[secret])).status_code == 404


def test_files_whose_rows_are_gone_are_removed(copy):
    stray = file_of(copy).with_name(f"{uuid.uuid4()}.mp4")
    stray.write_bytes(b"nobody knows me")
    remove_orphans()
    assert list(stray.parent.iterdir()) == [file_of(copy)]


def test_copies_are_counted_in_what_fills_the_disk(copy):
    assert ("share videos", 16) in [(str(name), n) for name, n in _parts()]
