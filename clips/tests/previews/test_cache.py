"""Tests the size limit of the preview folder: what goes first, what stays, and files without rows."""

import os
import time
import uuid
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from clips.models import (
    CandidateSegment,
    Decision,
    DecisionKind,
    Job,
    JobKind,
    Preview,
    SegmentStatus,
)
from clips.previews import cache, requests
from clips.previews import tasks as preview_tasks
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

SIZE_BYTES = 100


def has_preview(segment: CandidateSegment, *, made_minutes_ago: int = 0) -> Preview:
    path = requests.stored_paths(segment.pk)[0]
    file = django_settings.DATA_DIR / path
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(bytes(SIZE_BYTES))
    made = Preview.objects.create(
        segment=segment, stored_path=path, start_ms=0, end_ms=segment.end_ms, width_px=960, height_px=540,
        size_bytes=SIZE_BYTES,
    )  # fmt: skip
    Preview.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(minutes=made_minutes_ago))
    return made


def decide(segment: CandidateSegment, *, minutes_ago: int, kind: DecisionKind = DecisionKind.TRASH) -> None:
    status = {DecisionKind.TRASH: SegmentStatus.TRASHED, DecisionKind.KEEP: SegmentStatus.ACCEPTED}.get(kind)
    if status:
        CandidateSegment.objects.filter(pk=segment.pk).update(status=status)
    decision = Decision.objects.create(pk=uuid.uuid4(), kind=kind, segment=segment, member_name="mia")
    Decision.objects.filter(pk=decision.pk).update(created_at=timezone.now() - timedelta(minutes=minutes_ago))


def loss_order() -> list[CandidateSegment]:
    return [preview.segment for preview in cache.in_order_of_loss().select_related("segment")]


def there(segments: list[CandidateSegment]) -> list[CandidateSegment]:
    """Return those of these whose preview exists, row and file."""
    rows = set(Preview.objects.values_list("segment", flat=True))
    files = {path.stem for path in (django_settings.DATA_DIR / "candidates").glob("*.mp4")}
    assert {str(pk) for pk in rows} == files
    return [segment for segment in segments if segment.pk in rows]


def test_what_is_sorted_goes_first_then_what_is_hidden_then_what_is_aside_then_the_rest(original, run, segments):
    aside = OriginalFileFactory(
        shoot=original.shoot, original_filename="GX010002.MP4", stored_path="originals/two.mp4", file_hash="b" * 64,
        size_bytes=1, duration_ms=60_000, aside_at=timezone.now(),
    )  # fmt: skip
    in_aside = CandidateSegmentFactory(original_file=aside, start_ms=0, end_ms=4_000)
    best, kept, trashed, skipped, hidden = *segments[:4], segments[9]
    for segment in (best, kept, trashed, skipped, hidden, in_aside):
        has_preview(segment)
    decide(kept, minutes_ago=5, kind=DecisionKind.KEEP)
    decide(trashed, minutes_ago=9)
    decide(skipped, minutes_ago=99, kind=DecisionKind.SKIP)
    assert loss_order() == [trashed, kept, hidden, in_aside, best, skipped]


def test_of_what_is_to_be_sorted_goes_first_what_nobody_looked_at_for_longest(client, sorter, segments):
    old, seen, new = segments[:3]
    has_preview(seen, made_minutes_ago=90)
    has_preview(old, made_minutes_ago=60)
    has_preview(new)
    assert loss_order() == [seen, old, new]
    client.force_login(sorter)
    client.get(reverse("clips:preview_file", args=[seen.pk]))
    assert loss_order() == [old, new, seen]


def test_a_look_is_written_down_once_in_a_while(client, sorter, segments, django_assert_num_queries):
    has_preview(segments[0])
    client.force_login(sorter)
    address = reverse("clips:preview_file", args=[segments[0].pk])
    client.get(address)
    seen_at = Preview.objects.get().seen_at
    client.get(address)
    assert Preview.objects.get().seen_at == seen_at


def test_below_its_size_nothing_goes(segments, settings):
    settings.CANDIDATES_MAX_BYTES = 3 * SIZE_BYTES
    for segment in segments[:3]:
        has_preview(segment)
    assert cache.keep_to_size() == 0
    assert there(segments) == segments[:3]


def test_above_it_as_much_goes_as_makes_some_room(segments, settings):
    settings.CANDIDATES_MAX_BYTES = 5 * SIZE_BYTES
    for number, segment in enumerate(segments[:6]):
        has_preview(segment, made_minutes_ago=10 - number)
    assert cache.keep_to_size() == 2, "to nine tenths"
    assert there(segments) == segments[2:6]


def test_pictures_stay(segments, settings):
    settings.CANDIDATES_MAX_BYTES = 0
    has_preview(segments[0])
    picture = django_settings.DATA_DIR / requests.stored_paths(segments[0].pk)[1]
    picture.write_bytes(b"jpeg")
    CandidateSegment.objects.filter(pk=segments[0].pk).update(poster_path=f"candidates/{picture.name}")
    assert cache.keep_to_size() == 1
    assert picture.exists()


def test_what_an_open_page_holds_stays_until_its_lease_runs_out(sorter, segments, settings):
    settings.CANDIDATES_MAX_BYTES = 0
    for segment in segments[:3]:
        has_preview(segment)
    CandidateSegment.objects.lease_hand(member=sorter, lease=uuid.uuid4(), count=2)
    cache.keep_to_size()
    assert there(segments) == segments[:2]
    CandidateSegment.objects.exclude(lease_token=None).update(lease_ends_at=timezone.now())
    cache.keep_to_size()
    assert there(segments) == []


def test_one_that_a_page_takes_after_it_was_chosen_stays(sorter, segments, settings, monkeypatch):
    settings.CANDIDATES_MAX_BYTES = 0
    for segment in segments[:2]:
        has_preview(segment)
    real = cache._drop

    def taken_meanwhile(chosen):
        CandidateSegment.objects.lease_hand(member=sorter, lease=uuid.uuid4(), count=1)
        return real(chosen)

    monkeypatch.setattr(cache, "_drop", taken_meanwhile)
    assert cache.keep_to_size() == 1
    assert there(segments) == segments[:1]


def test_one_that_is_made_again_meanwhile_keeps_its_file(segments, settings, monkeypatch):
    """Between the rows and their files a worker may put a new preview in the same place."""
    settings.CANDIDATES_MAX_BYTES = 0
    has_preview(segments[0])
    real = CandidateSegment.objects._queryset_class.lock_in_order
    locks = []

    def made_again_meanwhile(rows):
        locks.append(1)
        if len(locks) == 2:
            has_preview(segments[0])
        return real(rows)

    monkeypatch.setattr(CandidateSegment.objects._queryset_class, "lock_in_order", made_again_meanwhile)
    cache.keep_to_size()
    assert there(segments) == segments[:1]


def test_a_player_that_reads_a_dropped_preview_gets_it_to_its_end(client, sorter, segments, settings):
    settings.CANDIDATES_MAX_BYTES = 0
    has_preview(segments[0])
    client.force_login(sorter)
    answer = client.get(reverse("clips:preview_file", args=[segments[0].pk]))
    cache.keep_to_size()
    assert len(b"".join(answer.streaming_content)) == SIZE_BYTES


def test_a_dropped_one_shows_its_picture_and_is_made_again_when_somebody_looks(client, sorter, segments, settings):
    settings.CANDIDATES_MAX_BYTES = 0
    Job.objects.create(kind=JobKind.PREVIEW, segment=segments[0], state="DONE")
    CandidateSegment.objects.filter(pk=segments[0].pk).update(poster_path="candidates/x.jpg")
    has_preview(segments[0])
    cache.keep_to_size()
    client.force_login(sorter)
    address = reverse("clips:segment_preview", args=[segments[0].pk])
    text = client.get(address, headers=AS_A_PAGE_ASKS).text
    assert 'hx-trigger="load"' in text
    assert f'src="/media/posters/{segments[0].pk}.jpg"' in text
    assert 'data-state="waiting"' in client.post(address).text
    assert Job.objects.get(kind=JobKind.PREVIEW, state="WAITING").priority == requests.URGENT


def test_in_a_full_folder_previews_are_made_only_for_who_looks(original, segments, settings):
    settings.CANDIDATES_MAX_BYTES = SIZE_BYTES
    has_preview(segments[9])
    assert requests.want_previews(original) == 0
    settings.CANDIDATES_MAX_BYTES = 2 * SIZE_BYTES
    assert requests.want_previews(original) == 7


def aged(name: str, *, hours: int):
    path = django_settings.DATA_DIR / "candidates" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"x")
    then_s = time.time() - hours * 3600
    os.utime(path, (then_s, then_s))
    return path


def test_files_that_no_row_knows_are_removed_after_a_while(segments):
    known = django_settings.DATA_DIR / has_preview(segments[0]).stored_path
    os.utime(known, (0, 0))
    forgotten = [aged(f"{uuid.uuid4()}.{ending}", hours=2) for ending in ("mp4", "jpg")]
    being_made = aged(f"{uuid.uuid4()}.mp4", hours=0)
    of_others = [aged("README.txt", hours=99), aged(f"{uuid.uuid4()}.mov", hours=99)]
    assert cache.remove_orphans() == 2
    assert all(path.exists() for path in [known, being_made, *of_others])
    assert not any(path.exists() for path in forgotten)


def test_both_are_looked_after_from_time_to_time(segments, settings):
    settings.CANDIDATES_MAX_BYTES = 0
    has_preview(segments[0])
    orphan = aged(f"{uuid.uuid4()}.mp4", hours=2)
    preview_tasks.tidy_candidates()
    assert not Preview.objects.exists()
    assert not orphan.exists()
    tasks = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "tidy_candidates" in tasks


@pytest.mark.parametrize("n_rows", [3, 60])
def test_it_costs_a_fixed_number_of_queries(run, settings, n_rows, django_assert_max_num_queries):
    rows = CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n, end_ms=n + 1, score=0.9)
        for n in range(n_rows)
    )
    settings.CANDIDATES_MAX_BYTES = 0
    Preview.objects.bulk_create(
        Preview(
            segment=row,
            stored_path=f"candidates/{row.pk}.mp4",
            start_ms=0,
            end_ms=1,
            width_px=1,
            height_px=1,
            size_bytes=1,
        )
        for row in rows
    )
    with django_assert_max_num_queries(24):
        assert cache.keep_to_size() == n_rows
