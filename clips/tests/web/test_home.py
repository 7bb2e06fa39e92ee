"""Tests the start page: the newest session and what moves behind its name, what waits, riders, the demo by a button."""

import datetime as dt
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.demo import session
from clips.library.bin import throw_away
from clips.models import (
    CandidateSegment,
    ClipCategory,
    Heart,
    Job,
    JobKind,
    JobState,
    Preview,
    SegmentStatus,
    Shoot,
    Upload,
    UploadState,
)
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from clips.tests.web.test_jobs_page import add_files, add_jobs
from clips.web import wall
from people.models import Member, Person
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

HOME, NOW = reverse("home"), reverse("clips:home_now")


@pytest.fixture
def page(client, sorter):
    client.force_login(sorter)
    return client


def shown(client, address: str = HOME) -> str:
    return client.get(address, headers=AS_A_PAGE_ASKS if address == NOW else {}).content.decode()


def kept(original, *, score: float = 0.5, person: Person | None = None, by: Member | None = None, **fields):
    """Return a clip with a picture and a preview."""
    moment = CandidateSegmentFactory(
        original_file=original, status=SegmentStatus.ACCEPTED, score=score, poster_path="posters/1.jpg"
    )
    Preview.objects.create(
        segment=moment, stored_path=f"candidates/{moment.pk}.mp4", start_ms=0, end_ms=4000, width_px=960, height_px=540,
        size_bytes=1,
    )  # fmt: skip
    return FinalClipFactory(original_file=original, candidate_segment=moment, person=person, created_by=by, **fields)


def test_an_empty_site_shows_one_picture_and_two_ways_to_begin(client, admin, viewer):
    client.force_login(admin)
    body = shown(client)
    main = body[body.index("<main") : body.index("</main>")]
    assert main.count("<img") == 1
    assert main.count("<a ") + main.count("<button") == 2
    assert reverse("clips:upload") in main
    assert reverse("clips:demo_start") in main
    client.force_login(viewer)
    body = shown(client)
    assert "You can watch and search clips" in body
    assert reverse("clips:upload") not in body
    assert reverse("clips:demo_start") not in body


def test_newest_session_stands_large_with_what_waits_in_it(page, segments, shoot):
    body = shown(page)
    hero = body[body.index('class="hero"') : body.index("</section>")]
    assert "Backyard Rails" in hero
    assert "Sort 7 moments" in hero
    assert f'href="/sort?session={shoot.pk}"' in hero
    assert reverse("clips:session", args=[shoot.pk]) in hero


def test_older_sessions_with_moments_left_stand_below_it(page, segments):
    newer = OriginalFileFactory(shoot=Shoot.objects.called("Night", dt.date(2024, 12, 2)))
    CandidateSegmentFactory(original_file=newer)
    body = shown(page)
    assert "Sort 1 moment" in body
    assert "Also to sort" in body
    assert '<strong class="todo-number">7</strong>' in body


def test_where_the_newest_session_is_sorted_the_button_sorts_the_next_one(page, segments, shoot):
    OriginalFileFactory(shoot=Shoot.objects.called("Night", dt.date(2024, 12, 2)))
    body = shown(page)
    hero = body[body.index('class="hero"') : body.index("</section>")]
    assert "Night" in hero
    assert "Sort 7 moments" in hero
    assert '<span class="hero-of">Backyard Rails</span>' in hero
    assert "Also to sort" not in body


def test_a_binned_session_is_not_the_newest(segments, shoot, curator):
    newer = Shoot.objects.called("Night", dt.date(2024, 12, 2))
    OriginalFileFactory(shoot=newer)
    assert wall.newest_session().shoot == newer
    throw_away(shoots=[newer.pk], member=curator, key=uuid.uuid4())
    assert wall.newest_session().shoot == shoot


def test_best_clip_has_the_most_hearts_then_the_surest_moment_and_is_no_crash(original, sorter, other_sorter):
    kept(original, score=0.9, category=ClipCategory.CRASH)
    sure, plain = kept(original, score=0.8), kept(original, score=0.3)
    assert wall.picture_of(original.shoot).clip == sure
    Heart.objects.give([plain.lineage], sorter)
    picture = wall.picture_of(original.shoot)
    assert picture.clip == plain
    assert picture.poster_of == plain.candidate_segment_id
    assert (picture.source.start_s, picture.source.end_s) == (0, 1)


def test_before_anything_is_kept_the_likeliest_moment_moves(original, run):
    low, high = (
        CandidateSegmentFactory(
            original_file=original, run=run, score=score, poster_path="posters/1.jpg", end_ms=int(9000 * score)
        )
        for score in (0.6, 0.9)
    )
    assert wall.picture_of(original.shoot).poster_of == high.pk
    assert wall.picture_of(original.shoot).source is None
    CandidateSegment.objects.filter(pk=high.pk).update(poster_path="")
    assert wall.picture_of(original.shoot).poster_of == low.pk


def test_who_sorts_at_the_same_time_is_said(page, segments, sorter, other_sorter):
    CandidateSegment.objects.lease_hand(member=sorter, lease=uuid.uuid4(), count=2)
    assert "sorting too" not in shown(page), "not oneself"
    CandidateSegment.objects.lease_hand(member=other_sorter, lease=uuid.uuid4(), count=2)
    assert f"{other_sorter.username} is sorting too" in shown(page)


def test_a_page_without_a_picture_is_loaded_anew_once_there_is_one(page, original):
    asked = {"headers": AS_A_PAGE_ASKS}
    assert "HX-Refresh" not in page.get(NOW, {"shows": ""}, **asked).headers
    kept(original)
    assert page.get(NOW, {"shows": ""}, **asked).headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in page.get(NOW, {"shows": original.shoot.pk}, **asked).headers


def test_riders_are_those_of_the_newest_clips_each_once(page, original):
    miller, jo = Person.objects.add("Miller Downey"), Person.objects.add("Jo Hansen")
    for person in (miller, jo, miller):
        kept(original, person=person)
    assert [face.name for face in wall.faces()] == ["Miller Downey", "Jo Hansen"]
    body = shown(page)
    assert f'href="/clips?person={jo.slug}"' in body


def test_own_clips_stand_apart_only_where_the_newest_are_not_all_ones_own(page, original, sorter, other_sorter):
    old = kept(original, by=sorter)
    assert "Kept by you" not in shown(page)
    for _ in range(wall.NEWEST_CLIPS):
        kept(original, by=other_sorter)
    body = shown(page)
    assert "Kept by you" in body
    assert str(old.pk) in body[body.index("Kept by you") :]


def test_a_viewer_is_offered_to_watch_and_nothing_to_sort(client, viewer, segments, shoot):
    client.force_login(viewer)
    body = shown(client)
    assert "Watch the session" in body
    assert reverse("clips:sort") + "?" not in body


def test_home_shows_my_uploads_and_which_of_them_stopped(page, sorter, other_sorter, shoot):
    def upload(owner, name: str, **fields) -> Upload:
        return Upload.objects.create(owner=owner, shoot=shoot, original_filename=name, size_bytes=200, **fields)

    upload(sorter, "moving.mp4", offset_bytes=50)
    silent = upload(sorter, "silent.mp4", offset_bytes=100)
    Upload.objects.filter(pk=silent.pk).update(updated_at=timezone.now() - timedelta(hours=1))
    upload(sorter, "done.mp4", offset_bytes=200, state=UploadState.REGISTERED)
    upload(other_sorter, "theirs.mp4")
    body = page.get(reverse("clips:home_now"), headers=AS_A_PAGE_ASKS).content.decode()
    assert "moving.mp4" in body
    assert "25 %" in body
    assert "2 videos are coming in: 12 %" in body, "of all who upload now"
    assert "stopped at 50 %" in body
    assert "done.mp4" not in body
    assert "theirs.mp4" not in body
    assert "every 3s" in body


def test_home_tells_why_things_are_stuck(client, curator, shoot):
    files = add_files(shoot, 5)
    for number, file in enumerate(files):
        add_jobs([file], JobState.FAILED, f"Reason {number}.")
    client.force_login(curator)
    body = client.get(reverse("home")).content.decode()
    assert body.count(": Reason ") == 3
    assert "2 more in Jobs" in body


def test_a_day_without_anything_is_no_reason_to_break(page):
    Shoot.objects.called("Empty", dt.date(2024, 1, 1))
    assert page.get(reverse("home")).status_code == 200


def test_demo_is_drawn_once_however_often_somebody_asks(page, sorter, viewer, client):
    for _ in range(2):
        assert page.post(reverse("clips:demo_start")).url == HOME
    job = Job.objects.get()
    assert (job.kind, job.shoot.name, job.params) == (JobKind.DEMO, session.SESSION_NAME, {"owner": str(sorter.pk)})
    assert "Drawing the demo film: 0 %" in shown(page, NOW)
