"""Tests that each occasion creates one notice, and nothing else does."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from clips.archive.backend import BlockReason
from clips.models import (
    ArchiveBlock,
    AuditReport,
    ChannelKind,
    Comment,
    Decision,
    DecisionKind,
    Job,
    JobKind,
    JobState,
    Notice,
    NoticeChannel,
    OriginalFile,
    Preview,
    Reaction,
    Reel,
    Speaker,
    Subject,
    Upload,
)
from clips.notifications import occasions
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from people.models import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def channel(make_channel, settings) -> NoticeChannel:
    settings.NOTICE_HOUR = 24  # a day's summary is asked for by itself
    channel = make_channel(ChannelKind.DISCORD, "https://hooks.example.org/x")
    NoticeChannel.objects.update(created_at=timezone.now() - dt.timedelta(days=30))
    return channel


def make_previews(segments) -> None:
    for segment in segments:
        Preview.objects.create(
            segment=segment, stored_path=f"candidates/{segment.pk}.mp4", start_ms=0, end_ms=9, width_px=9, height_px=9,
            size_bytes=9,
        )  # fmt: skip


def told() -> list[str]:
    occasions.look()
    return list(Notice.objects.order_by("created_at").values_list("title", flat=True))


def test_a_session_is_ready_when_each_shown_moment_has_its_preview(segments):
    make_previews(segments[:6])
    assert told() == []
    make_previews(segments[6:7])
    assert told() == ["Backyard Rails: 7 moments to sort"]
    assert told() == ["Backyard Rails: 7 moments to sort"]


def test_a_preview_that_cannot_be_made_keeps_nobody_waiting(segments):
    make_previews(segments[:6])
    Job.objects.create(kind=JobKind.PREVIEW, segment=segments[6], state=JobState.FAILED)
    assert len(told()) == 1


def test_a_session_is_not_ready_while_another_file_is_on_its_way(segments, sorter, shoot):
    make_previews(segments)
    upload = Upload.objects.create(owner=sorter, shoot=shoot, original_filename="b.mp4", size_bytes=9)
    assert told() == []
    Upload.objects.update(updated_at=timezone.now() - dt.timedelta(hours=1))  # left half-way
    assert len(told()) == 1
    assert not upload.is_whole


def test_files_that_come_later_are_told_of_once_more(segments, original, shoot):
    make_previews(segments)
    assert len(told()) == 1
    later = OriginalFileFactory(
        shoot=shoot, original_filename="b.mp4", stored_path="originals/b.mp4", file_hash="b" * 64, size_bytes=9
    )
    job = Job.objects.for_target(JobKind.DETECT, later)
    assert len(told()) == 1
    job.cancel()
    assert len(told()) == 2


def test_old_sessions_are_no_news_to_a_new_channel(segments, make_channel):
    make_previews(segments)
    NoticeChannel.objects.update(created_at=timezone.now())
    assert told() == []


def test_a_channel_hears_only_what_it_wants(segments):
    make_previews(segments)
    NoticeChannel.objects.update(wants=["DAILY"])
    assert told() == []


def test_an_archive_that_stays_blocked_is_told_once(db):
    ArchiveBlock.objects.note("local", reason=BlockReason.QUOTA, sentence="The Drive is full.", retry_after_s=None)
    assert told() == []  # it may mend itself
    ArchiveBlock.objects.update(since=timezone.now() - dt.timedelta(minutes=6))
    assert told() == told() == ["The archive does not accept files"]
    assert Notice.objects.get().text == "The Drive is full."


def test_a_full_disk_is_told_once_a_day(monkeypatch):
    monkeypatch.setattr(occasions, "free_bytes", lambda: -5 * 10**9)
    assert told() == told() == ["The disk is too full"]


def test_jobs_that_failed_are_told_by_cause(original):
    for _time in range(3):
        Job.objects.create(
            kind=JobKind.DETECT, original_file=original, state=JobState.FAILED, reason="This is no video.",
            finished_at=timezone.now(),
        )  # fmt: skip
    assert told() == ["3 × search for tricks failed"]


def test_an_audit_is_told_of_when_it_finds_more_than_the_one_before(db):
    for n_wrong in (0, 2, 2):
        report = AuditReport.objects.begin(checksums=False, repairs=False)
        report.end(n_wrong=n_wrong)
        told()
    assert told() == ["The audit found 2 problems"]


def test_notices_are_in_the_crews_language_with_what_workers_said(segments, original, settings):
    settings.SITE_LANGUAGE = "de"
    make_previews(segments)
    Job.objects.create(
        kind=JobKind.PROBE, original_file=original, state=JobState.FAILED, finished_at=timezone.now(),
        reason="This took too long.",
    )  # fmt: skip
    assert sorted(told()) == ["1 × Kameradaten lesen fehlgeschlagen", "Backyard Rails: 7 Momente zu sortieren"]
    assert Notice.objects.get(title__startswith="1").text == "Das hat zu lange gedauert."
    assert translation.get_language() == "en"


def at(hour: int, settings, monkeypatch) -> None:
    settings.NOTICE_HOUR, settings.TIME_ZONE = 9, "Europe/Vienna"
    moment = dt.datetime(2024, 12, 2, hour, 30, tzinfo=ZoneInfo("Europe/Vienna"))
    monkeypatch.setattr(timezone, "localtime", lambda: moment)
    NoticeChannel.objects.update(created_at=moment - dt.timedelta(days=9))


def test_the_day_is_told_after_its_hour_and_names_who_sorted(segments, sorter, settings, monkeypatch):
    Decision.objects.bulk_create(
        Decision(kind=DecisionKind.TRASH, segment=segment, member=sorter, member_name="mia") for segment in segments[:3]
    )
    yesterday = dt.datetime(2024, 12, 1, 20, tzinfo=dt.UTC)
    Decision.objects.update(created_at=yesterday)
    OriginalFile.objects.update(created_at=yesterday)
    at(8, settings, monkeypatch)
    assert told() == []
    at(9, settings, monkeypatch)
    assert len(told()) == len(told()) == 1
    assert Notice.objects.get().text.splitlines() == [
        "Sorted: mia 3.", "0 new clips.", "1 new video.", "7 moments are left to sort.",
    ]  # fmt: skip


def test_a_day_on_which_nothing_happened_is_not_told(segments, settings, monkeypatch):
    at(9, settings, monkeypatch)
    assert told() == []


def test_what_was_said_is_one_digest_a_day(segments, sorter, original, settings, monkeypatch):
    clip = FinalClipFactory(original_file=original, person=Person.objects.add("Mia Berg"))
    reel = Reel.objects.create(name="December", made_by=sorter, made_by_name="mia")
    own = {"name": "mia", "member": sorter}
    Comment.objects.create(lineage=clip.lineage, text="So\nclean " + "x" * 200, **own)
    Comment.objects.create(reel=reel, text="Watched twice", name="Uncle Bo", is_guest=True)
    Comment.objects.create(reel=reel, text="Not seen yet", name="Spam", is_guest=True, state="WAITING")
    Reaction.objects.give(Subject(reel_id=reel.pk), "FIRE", Speaker(member=sorter))
    yesterday = dt.datetime(2024, 12, 1, 20, tzinfo=dt.UTC)
    for n, comment in enumerate(Comment.objects.order_by("created_at")):
        Comment.objects.filter(pk=comment.pk).update(created_at=yesterday + dt.timedelta(minutes=n))
    Reaction.objects.update(created_at=yesterday)
    NoticeChannel.objects.update(wants=["TALK"])
    at(8, settings, monkeypatch)
    assert told() == []
    at(9, settings, monkeypatch)
    assert told() == told() == ["2 new comments"]
    notice = Notice.objects.get()
    assert notice.path == "/comments"
    first, *others = notice.text.splitlines()
    assert first.startswith("mia on Mia Berg: “So clean xxx")
    assert first.endswith("x…”")
    assert others == ["Uncle Bo on December: “Watched twice”", "1 reaction.", "1 comment of a guest waits."]
    assert "Not seen yet" not in notice.text


def test_a_day_on_which_nobody_said_anything_has_no_digest(sorter, original, settings, monkeypatch):
    Comment.objects.create(lineage=original.pk, text="Long ago", name="Spam", is_guest=True, state="WAITING")
    Comment.objects.update(created_at=dt.datetime(2024, 11, 1, tzinfo=dt.UTC))
    NoticeChannel.objects.update(wants=["TALK"])
    at(9, settings, monkeypatch)
    assert told() == []
