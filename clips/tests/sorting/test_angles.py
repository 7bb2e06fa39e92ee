"""Tests tricks with angles: which moments are one, one card and one decision about them, and its undo."""

import re
import uuid
from datetime import timedelta
from fractions import Fraction
from math import ceil, floor
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.disk import trimmable
from clips.library.bin import restore, throw_away
from clips.library.pairs import change
from clips.models import (
    Angle,
    AngleGroup,
    CandidateSegment,
    Decision,
    FinalClip,
    Job,
    JobKind,
    OriginalFile,
    SegmentStatus,
    VideoPair,
)
from clips.sorting.angle_groups import regroup, regroup_all
from clips.sorting.angles import span_in
from clips.sorting.hand import count_left
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.sorting.test_views import Page, drawn, order

pytestmark = pytest.mark.django_db

#: The phone began 10 s after the helmet camera, and its clock is 50 ppm slow.
LATER_S, DRIFT_PPM = 10.0, 50.0


def video(shoot, name: str, **more: object) -> OriginalFile:
    usual = {"original_filename": f"{name}.mp4", "camera_id": f"CAM_{name.upper()}", "duration_ms": 600_000}
    usual |= {"rate_num": 60, "rate_den": 1, "fps_label": "60FPS"}
    return OriginalFileFactory(shoot=shoot, **usual | more)


def moment(original: OriginalFile, start_ms: int, end_ms: int, score: float = 0.8) -> CandidateSegment:
    run = original.runs.first() or DetectionRunFactory(original_file=original)
    return CandidateSegmentFactory(original_file=original, run=run, start_ms=start_ms, end_ms=end_ms, score=score)


def tie(one: OriginalFile, other: OriginalFile, later_s: float, member, drift_ppm: float | None = None) -> VideoPair:
    """Confirm that ``other`` began so much later than ``one``."""
    found = {"offset_s": later_s, "drift_ppm": drift_ppm, "confidence": 0.9, "is_sure": True}
    VideoPair.objects.all().note(one, other, found)
    pair = VideoPair.objects.all().of(one).get(pk__in=VideoPair.objects.all().of(other))
    assert change(pair, lambda pair: pair.confirm(member))
    return VideoPair.objects.get(pk=pair.pk)


@pytest.fixture
def scene(shoot, sorter) -> SimpleNamespace:
    """Two cameras with a trick that both saw, and one more each while the other was not recording."""
    helmet, phone = video(shoot, "helmet"), video(shoot, "phone")
    rows = SimpleNamespace(shoot=shoot, helmet=helmet, phone=phone)
    rows.seen, rows.alone = moment(helmet, 300_000, 304_000, 0.9), moment(helmet, 2_000, 6_000)
    rows.beside, rows.other = moment(phone, 290_500, 293_500), moment(phone, 594_000, 598_000)
    rows.pair = tie(helmet, phone, LATER_S, sorter, DRIFT_PPM)
    return rows


@pytest.fixture
def page(client, sorter, scene) -> Page:
    return Page(client, sorter)


def statuses(*moments: CandidateSegment) -> list[str]:
    found = dict(CandidateSegment.objects.values_list("pk", "status"))
    return [found[one.pk] for one in moments]


def shown_angle(cards: str) -> str:
    """Return the angle that a page of one card shows."""
    places = re.findall(r'data-angle="(\S+)"([^>]*)>', cards)
    (shown,) = [angle for angle, rest in places if "data-angle-off" not in rest]
    return shown


def grouped() -> list[set[uuid.UUID]]:
    groups: dict[uuid.UUID, set[uuid.UUID]] = {}
    for segment, group in Angle.objects.values_list("segment", "group"):
        groups.setdefault(group, set()).add(segment)
    return list(groups.values())


def test_moments_that_coincide_on_the_clock_of_both_cameras_are_one(scene):
    assert grouped() == [{scene.seen.pk, scene.beside.pk}]
    assert Angle.objects.get(is_lead=True).segment == scene.seen
    before = list(Angle.objects.order_by("pk").values())
    assert regroup(scene.shoot.pk) == 1
    assert list(Angle.objects.order_by("pk").values()) == before, "nothing has changed"


def test_groups_that_a_rebuild_does_not_bring_back_are_made_from_its_pairs_and_moments(scene):
    before = grouped()
    AngleGroup.objects.all().delete()
    assert grouped() == []
    assert regroup_all() == 1
    assert grouped() == before


def test_only_what_a_person_confirmed_is_grouped_and_a_wrong_pair_taken_apart_ungroups(scene, sorter):
    assert change(scene.pair, lambda pair: pair.take_apart(sorter))
    assert grouped() == []
    VideoPair.objects.update(state="SURE", decided_by=None, decided_at=None)
    assert regroup(scene.shoot.pk) == 0
    assert change(VideoPair.objects.get(), lambda pair: pair.confirm(sorter))
    assert grouped() == [{scene.seen.pk, scene.beside.pk}]


def test_three_cameras_are_one_trick_though_only_each_with_the_next_is_a_pair(scene, sorter):
    drone = video(scene.shoot, "drone", duration_ms=400_000)
    above = moment(drone, 289_000, 293_000)
    tie(scene.phone, drone, 1.0, sorter)
    assert grouped() == [{scene.seen.pk, scene.beside.pk, above.pk}]


def test_a_video_in_the_bin_leaves_the_others_together_and_is_among_them_again_when_it_is_restored(
    scene, sorter, curator, django_capture_on_commit_callbacks
):
    drone = video(scene.shoot, "drone", duration_ms=400_000)
    above = moment(drone, 289_000, 293_000)
    tie(scene.phone, drone, 1.0, sorter)
    with django_capture_on_commit_callbacks(execute=True):
        entry = throw_away(curator, videos=[scene.helmet])
    assert grouped() == [{scene.beside.pk, above.pk}]
    with django_capture_on_commit_callbacks(execute=True):
        restore(entry, curator)
    assert grouped() == [{scene.seen.pk, scene.beside.pk, above.pk}]


def test_a_trick_with_angles_is_counted_as_the_one_card_that_it_is(scene, sorter):
    n_moments = CandidateSegment.objects.undecided().count()
    left = count_left(sorter, scene.helmet.pk, with_angles=True)
    assert (left.in_all, left.in_session) == (n_moments - 1, n_moments - 1)


def test_two_moments_of_one_video_are_never_one_trick(scene):
    twice = moment(scene.phone, 290_600, 293_400)
    regroup(scene.shoot.pk)
    assert len(grouped()) == 1
    assert len(grouped()[0] & {scene.beside.pk, twice.pk}) == 1


def test_a_trick_with_angles_is_one_card_and_held_as_one(page, scene, other_sorter, client):
    hand = page.post("hand")
    assert order(hand) == drawn(hand)
    assert str(scene.beside.pk) not in order(hand)
    assert {str(scene.seen.pk), str(scene.alone.pk), str(scene.other.pk)} == set(order(hand))
    text = hand.content.decode()
    assert text.count("data-angle=") == 2
    assert f'data-angle="{scene.beside.pk}"' in text
    assert statuses(scene.beside) == [SegmentStatus.IN_PROGRESS]
    again = page.post("hand", have=" ".join(order(hand)))
    assert (order(again), drawn(again)) == (order(hand), [])
    assert order(Page(client, other_sorter).post("hand")) == []


def keep_all(page: Page, scene: SimpleNamespace, **fields: object):
    page.post("hand")
    span = {"start_ms": 300_500, "end_ms": 303_500}
    return page.keep(str(scene.seen.pk), angles=str(scene.beside.pk), people="Mia Berg", **span | fields)


def test_one_decision_keeps_all_angles_with_the_same_trim_on_the_common_clock(page, scene):
    assert keep_all(page, scene, stars=3).status_code == 200
    own, other = (FinalClip.objects.get(candidate_segment=one) for one in (scene.seen, scene.beside))
    assert (own.start_ms, own.end_ms) == (300_500, 303_500)
    for clip_ms, own_ms in ((other.start_ms, own.start_ms), (other.end_ms, own.end_ms)):
        exact_ms = (own_ms - 1000 * LATER_S) / (1 + DRIFT_PPM * 1e-6)
        assert abs(clip_ms - exact_ms) <= 1.5, "rounded up, and a pair lies to the millisecond"
    assert [str(clip.person) for clip in (own, other)] == ["Mia Berg", "Mia Berg"]
    assert [clip.stars for clip in (own, other)] == [3, 3]
    assert "CAM_HELMET" in own.filename
    assert "CAM_PHONE" in other.filename
    assert Job.objects.filter(kind=JobKind.RENDER).count() == 2
    assert Decision.objects.count() == 1
    assert statuses(scene.seen, scene.beside) == [SegmentStatus.ACCEPTED] * 2


@pytest.mark.slow
def test_a_decision_that_comes_twice_keeps_once(page, scene):
    key = uuid.uuid4()
    assert [keep_all(page, scene, key=key).status_code for _ in range(2)] == [200, 200]
    assert FinalClip.objects.count() == 2


@pytest.mark.slow
def test_undo_takes_all_angles_back_and_the_same_again_brings_back_the_same_clips(page, scene):
    keep_all(page, scene)
    answer = page.post("undo")
    assert not FinalClip.objects.current().exists()
    assert statuses(scene.seen, scene.beside) == [SegmentStatus.IN_PROGRESS] * 2
    assert f'data-front="{scene.seen.pk}"' in answer.content.decode()
    assert str(scene.beside.pk) not in order(answer)
    assert keep_all(page, scene).status_code == 200
    assert FinalClip.objects.current().count() == FinalClip.objects.count() == 2


@pytest.mark.slow
@pytest.mark.parametrize("which", ["seen", "beside"])
def test_one_angle_alone_is_kept_and_the_others_are_trashed_until_undone(page, scene, which):
    keep_all(page, scene, only=str(getattr(scene, which).pk))
    clip = FinalClip.objects.get()
    assert clip.candidate_segment == getattr(scene, which)
    wanted = {"seen": SegmentStatus.TRASHED, "beside": SegmentStatus.TRASHED, which: SegmentStatus.ACCEPTED}
    assert statuses(scene.seen, scene.beside) == [wanted["seen"], wanted["beside"]]
    past = page.client.get(reverse("clips:sort_past"), headers={"HX-Request": "true"}).content.decode()
    assert past.count("data-angle=") == 2
    assert f'name="start_ms" value="{300_500 if which == "seen" else 300_000}"' in past
    for cards in (past, page.post("undo").content.decode()):
        assert f'data-angle-only="{clip.candidate_segment_id}"' in cards
        assert shown_angle(cards) == str(clip.candidate_segment_id)
        assert "data-angle-left" not in cards
        assert 'data-do="angle-only" aria-pressed="true"' in cards
    assert statuses(scene.seen, scene.beside) == [SegmentStatus.IN_PROGRESS] * 2
    assert not FinalClip.objects.current().exists()


@pytest.mark.slow
def test_some_angles_are_kept_and_the_one_left_out_is_trashed_until_undone(page, scene, sorter):
    drone = video(scene.shoot, "drone", duration_ms=400_000)
    above = moment(drone, 289_000, 293_000)
    tie(scene.phone, drone, 1.0, sorter)
    page.post("hand")
    ids = {"angles": f"{scene.beside.pk} {above.pk}", "only": f"{scene.seen.pk} {above.pk}"}
    assert page.keep(str(scene.seen.pk), start_ms=300_000, end_ms=303_000, **ids).status_code == 200
    assert statuses(scene.seen, scene.beside) == [SegmentStatus.ACCEPTED, SegmentStatus.TRASHED]
    assert {clip.candidate_segment for clip in FinalClip.objects.all()} == {scene.seen, above}
    past = page.client.get(reverse("clips:sort_past"), headers={"HX-Request": "true"}).content.decode()
    for cards in (past, page.post("undo").content.decode()):
        only = re.search('data-angle-only="(.*?)"', cards)[1].split()
        assert set(only) == {str(scene.seen.pk), str(above.pk)}
        (left,) = re.findall(r'data-angle="(\S+)"[^>]* data-angle-left>', cards)
        assert left == str(scene.beside.pk)
        assert shown_angle(cards) == str(scene.seen.pk)
        assert 'data-do="angle-only" aria-pressed="false"' in cards
    assert statuses(scene.seen, scene.beside) == [SegmentStatus.IN_PROGRESS] * 2
    assert not FinalClip.objects.current().exists()
    assert page.keep(str(scene.seen.pk), start_ms=300_000, end_ms=303_000, **ids | {"only": ""}).status_code == 200
    assert "data-angle-only" not in page.post("undo").content.decode(), "all of them were kept"


@pytest.mark.parametrize(
    ("what", "then"), [("trash", SegmentStatus.TRASHED), ("skip", SegmentStatus.UNREVIEWED)]
)  # fmt: skip
def test_trash_and_skip_are_about_all_angles_and_undone_for_all(page, scene, what, then):
    page.post("hand")
    page.post(what, segment=str(scene.seen.pk), angles=str(scene.beside.pk), no_hand="1")
    assert statuses(scene.seen, scene.beside) == [then] * 2
    page.post("undo")
    assert statuses(scene.seen, scene.beside) == [SegmentStatus.IN_PROGRESS] * 2


def test_a_video_is_not_trimmed_by_itself_soon_after_it_was_decided_as_another_angle(page, scene):
    scene.other.delete(), scene.alone.delete()
    page.post("hand")
    page.post("trash", segment=str(scene.seen.pk), angles=str(scene.beside.pk), no_hand="1")
    assert set(trimmable.trimmable()) == {scene.helmet, scene.phone}
    assert not trimmable.by_policy().exists()
    Decision.objects.update(created_at=timezone.now() - timedelta(days=400))
    assert set(trimmable.by_policy()) == {scene.helmet, scene.phone}


def test_an_angle_that_ended_before_the_trick_is_left_to_be_sorted_alone(page, scene):
    OriginalFile.objects.filter(pk=scene.phone.pk).update(duration_ms=290_600)
    answer = keep_all(page, scene)
    assert FinalClip.objects.get().candidate_segment == scene.seen
    assert str(scene.beside.pk) in order(answer)


@pytest.mark.slow
def test_a_pair_taken_apart_while_its_card_is_open_loses_and_doubles_nothing(page, scene, curator):
    page.post("hand")
    assert change(VideoPair.objects.get(), lambda pair: pair.take_apart(curator))
    answer = keep_all(page, scene)
    assert FinalClip.objects.get().candidate_segment == scene.seen
    assert str(scene.beside.pk) in order(answer), "it is a moment of its own now"


@pytest.mark.slow
def test_a_video_that_comes_a_day_later_joins_what_was_kept(page, scene, sorter):
    scene.alone.delete()
    keep_all(page, scene)
    drone = video(scene.shoot, "drone")
    late = moment(drone, 299_800, 303_800)
    tie(scene.helmet, drone, 0.0, sorter)
    assert grouped() == [{scene.seen.pk, scene.beside.pk, late.pk}]
    assert str(late.pk) in order(page.post("hand")), "the others are sorted, so it has a card of its own"
    page.keep(str(late.pk), start_ms=300_500, end_ms=303_500)
    clip = FinalClip.objects.get(candidate_segment=scene.seen)
    text = page.client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert "Other angles" in text
    for other in FinalClip.objects.exclude(pk=clip.pk):
        assert reverse("clips:clip", args=[other.pk]) in text


def test_a_moment_made_by_hand_joins_what_another_camera_saw(page, scene, django_capture_on_commit_callbacks):
    seen = moment(scene.phone, 500_000, 504_000)
    span = {"start_ms": "8:10", "end_ms": "8:14"}
    with django_capture_on_commit_callbacks(execute=True):
        added = page.client.post(reverse("clips:file_add_moment", args=[scene.helmet.pk]), span)
    assert added.status_code == 200, added.content.decode()
    made = CandidateSegment.objects.get(run=None)
    assert {made.pk, seen.pk} not in grouped()
    with django_capture_on_commit_callbacks(execute=True):
        key = str(uuid.uuid4())
        made_at = {"key": key, "start_ms": 510_000, "end_ms": 514_000}
        page.client.post(reverse("clips:watch_add_moment", args=[scene.helmet.pk]), made_at)
    assert {uuid.UUID(key), seen.pk} in grouped()
    assert str(Angle.objects.get(segment=seen).group.angles.get(is_lead=True).segment_id) == key


def test_programs_that_sort_get_each_moment_by_itself(client, sorter, scene):
    client.force_login(sorter)
    asked = {"count": 8, "session": str(scene.shoot.pk)}
    told = client.post(reverse("api:sort_next"), asked, content_type="application/json").json()
    assert {str(scene.seen.pk), str(scene.beside.pk)} <= {one["id"] for one in told["segments"]}


def test_where_one_camera_is_asked_for_its_moments_are_cards_of_their_own(page, scene):
    assert str(scene.beside.pk) in order(page.post("hand", camera="CAM_PHONE"))


def test_a_link_to_one_angle_leads_to_the_card_of_its_trick(page, scene):
    assert order(page.post("hand", moment=str(scene.beside.pk)))[0] == str(scene.seen.pk)


@pytest.mark.parametrize("rate", [Fraction(60), Fraction(60000, 1001), Fraction(30), Fraction(240)])
def test_other_cameras_show_the_very_frames_though_offsets_are_whole_milliseconds(rate):
    video = OriginalFile(rate_num=rate.numerator, rate_den=rate.denominator, duration_ms=200_000)
    frames = 600, 4200
    span_ms = tuple(ceil(frame * 1000 / rate) for frame in frames)
    for later_frames in range(0, 600, 7):
        angle = Angle(shift_us=1000 * round(later_frames * 1000 / rate))
        found_ms = span_in(angle, Angle(shift_us=0), span_ms, video)
        assert [floor(at_ms * rate / 1000) + later_frames for at_ms in found_ms] == list(frames), later_frames
