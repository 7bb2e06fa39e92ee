"""Tests that an edit shows another camera of the same moment: instead, or from one picture on, exact to a frame."""

import uuid
from fractions import Fraction
from types import SimpleNamespace

import pytest
from django.urls import reverse

from clips.library.bin import restore, throw_away
from clips.library.pairs import change
from clips.media.pictures.named_frames import frame_on_screen
from clips.models import CandidateSegment, FinalClip, OriginalFile, Reel, ReelChange, ReelClip
from clips.reels import angles, contents, editing, rendering
from clips.reels.editing import BeingEditedError, NotPossibleError
from clips.reels.rendering import RenderWish
from clips.sorting.decisions import ConflictError
from clips.tests.factories import FinalClipFactory
from clips.tests.sorting.test_angles import moment, tie, video
from people.models import Person

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
#: The phone began 10 s after the helmet camera, and its clock is 50 ppm slow.
LATER_MS, DRIFT_PPM = 10_000, 50.0


def clip_of(segment: CandidateSegment, **more: object) -> FinalClip:
    original = segment.original_file
    facts = {"start_ms": segment.start_ms, "end_ms": segment.end_ms, "camera_id": original.camera_id, "lead_us": 0}
    return FinalClipFactory(original_file=original, candidate_segment=segment, **facts | more)


def filmed_twice(shoot, member, hand, rates: tuple[str, str]) -> SimpleNamespace:
    """Make an edit of a helmet camera's clip of four seconds, which a phone shows as well."""
    made = SimpleNamespace()
    for name, rate, start_ms in (("helmet", rates[0], 300_000), ("phone", rates[1], 289_986)):
        rate = Fraction(rate)
        original = video(shoot, name, rate_num=rate.numerator, rate_den=rate.denominator)
        segment = moment(original, start_ms, start_ms + 4000)
        setattr(made, name, clip_of(segment))
    made.pair = tie(made.helmet.original_file, made.phone.original_file, LATER_MS / 1000, member, DRIFT_PPM)
    made.reel = editing.make_reel("Both", member=member)
    editing.add_clips(made.reel, FinalClip.objects.filter(pk=made.helmet.pk), hand=hand(member))
    return made


@pytest.fixture
def both(shoot, sorter, hand) -> SimpleNamespace:
    return filmed_twice(shoot, sorter, hand, ("60", "60"))


def place(reel: Reel, position: int = 1) -> ReelClip:
    return reel.clips.get(position=position)


def spans(reel: Reel) -> list[tuple[str, int, int]]:
    return [(entry.clip.camera_id, entry.start_ms, entry.end_ms) for entry in contents.entries_of(reel)]


def on_clock_ms(both: SimpleNamespace, clip: FinalClip, frame: int) -> float:
    """Return when a frame of a clip's video begins, on the helmet camera's clock."""
    at_ms = float(frame * 1000 / Fraction(clip.original_file.rate))
    is_first = both.pair.first_id == both.helmet.original_file_id
    in_helmets_ms = both.pair.in_first_ms if is_first else both.pair.in_second_ms
    return at_ms if clip == both.helmet else in_helmets_ms(at_ms)


RATES = [("60", "60"), ("60000/1001", "60"), ("30", "240"), ("240", "30"), ("120", "30000/1001"), ("25", "60")]


@pytest.mark.parametrize("rates", RATES, ids="-".join)
def test_another_camera_shows_the_same_instants_to_half_a_frame_and_back_the_same_frames(shoot, sorter, hand, rates):
    both = filmed_twice(shoot, sorter, hand, rates)
    helmet, phone = both.helmet, both.phone
    editing.trim_clip(place(both.reel), 301_003, 302_501, hand=hand(sorter))
    angles.show_camera(place(both.reel), phone.lineage, hand=hand(sorter))
    (shown,) = contents.entries_of(both.reel)
    assert shown.clip == phone
    own, other = Fraction(helmet.original_file.rate), Fraction(phone.original_file.rate)
    first, last = frame_on_screen(301_003, own), frame_on_screen(302_501, own)
    wanted = [on_clock_ms(both, helmet, first), on_clock_ms(both, helmet, last + 1)]
    found = [
        on_clock_ms(both, phone, frame_on_screen(shown.start_ms, other)),
        on_clock_ms(both, phone, frame_on_screen(shown.end_ms, other) + 1),
    ]
    assert found == pytest.approx(wanted, abs=float(500 / other) + 0.01)
    before = (shown.start_ms, shown.end_ms)
    angles.show_camera(place(both.reel), helmet.lineage, hand=hand(sorter))
    (back,) = contents.entries_of(both.reel)
    if other >= own:
        assert (frame_on_screen(back.start_ms, own), frame_on_screen(back.end_ms, own)) == (first, last)
    angles.show_camera(place(both.reel), phone.lineage, hand=hand(sorter))
    (again,) = contents.entries_of(both.reel)
    frames = [[frame_on_screen(at_ms, other) for at_ms in each] for each in ((again.start_ms, again.end_ms), before)]
    assert frames[0] == frames[1], "nothing creeps"


def test_a_whole_clip_becomes_the_whole_clip_of_the_other_camera(both, sorter, hand):
    switched = angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(sorter))
    assert switched.lacks_ms == 0
    row = place(both.reel)
    assert (row.lineage, row.start_ms, row.end_ms) == (both.phone.lineage, None, None)


def test_what_the_other_camera_lacks_is_left_out_and_told(both, sorter, hand):
    FinalClip.objects.filter(pk=both.phone.pk).update(start_ms=290_986)
    switched = angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(sorter))
    assert switched.lacks_ms == pytest.approx(1000, abs=17)
    assert spans(both.reel) == [("CAM_PHONE", 290_986, 293_986)]


def test_speed_title_and_sound_stay_and_a_crop_by_hand_is_left_with_its_picture(both, sorter, hand, page_of):
    OriginalFile.objects.update(rate_num=120)
    lease = page_of(sorter)
    row = place(both.reel)
    editing.set_speed(row, 50, hand=hand(sorter, lease))
    editing.set_title(row, "Both eyes", hand=hand(sorter, lease))
    editing.set_sound(row, False, hand=hand(sorter, lease))
    editing.move_crop(row, 301_000, 200, hand=hand(sorter, lease))
    angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(sorter, lease))
    row = place(both.reel)
    assert (row.speed, row.title, row.has_sound, row.crop) == (50, "Both eyes", False, [])
    editing.undo(both.reel.changes.to_undo(), member=sorter, lease=lease)
    assert place(both.reel).crop == [[301_000, 200]]


def test_a_speed_that_the_other_camera_has_no_frames_for_is_refused(shoot, sorter, hand):
    both = filmed_twice(shoot, sorter, hand, ("120", "30"))
    editing.set_speed(place(both.reel), 25, hand=hand(sorter))
    for change_camera in (
        lambda: angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(sorter)),
        lambda: angles.cut_to_camera(place(both.reel), both.phone.lineage, 302_000, hand=hand(sorter)),
    ):
        with pytest.raises(NotPossibleError, match="too few frames"):
            change_camera()
    assert both.reel.clips.count() == 1


@pytest.mark.parametrize("rates", RATES, ids="-".join)
def test_a_cut_goes_on_with_the_other_camera_at_the_same_instant_to_half_a_frame(shoot, sorter, hand, rates):
    both = filmed_twice(shoot, sorter, hand, rates)
    own, other = (Fraction(clip.original_file.rate) for clip in (both.helmet, both.phone))
    frame = frame_on_screen(302_000, own) + 7
    at_ms = -(-1000 * frame * own.denominator // own.numerator)
    angles.cut_to_camera(place(both.reel), both.phone.lineage, at_ms, hand=hand(sorter))
    first, second = contents.entries_of(both.reel)
    assert (first.clip, second.clip) == (both.helmet, both.phone)
    assert (first.start_ms, second.end_ms) == (both.helmet.start_ms, both.phone.end_ms)
    assert frame_on_screen(first.end_ms, own) == frame - 1, "the picture that was on screen is the other camera's"
    goes_on_ms = on_clock_ms(both, both.phone, frame_on_screen(second.start_ms, other))
    assert goes_on_ms == pytest.approx(on_clock_ms(both, both.helmet, frame), abs=float(500 / other) + 0.01)
    assert abs(first.length_ms + second.length_ms - 4000) <= 1 + 1000 / min(own, other)


def test_a_cut_keeps_speed_title_and_sound_and_the_first_part_keeps_the_crop(both, sorter, hand):
    OriginalFile.objects.update(rate_num=120)
    editing.set_speed(place(both.reel), 50, hand=hand(sorter))
    editing.set_title(place(both.reel), "Both eyes", hand=hand(sorter))
    editing.move_crop(place(both.reel), 303_000, 200, hand=hand(sorter))
    angles.cut_to_camera(place(both.reel), both.phone.lineage, 302_000, hand=hand(sorter))
    first, second = place(both.reel), place(both.reel, 2)
    assert [(row.speed, row.title, row.has_sound) for row in (first, second)] == [(50, "Both eyes", True)] * 2
    assert (first.crop, second.crop) == ([[303_000, 200]], [])
    assert sum(entry.length_ms for entry in contents.entries_of(both.reel)) == pytest.approx(8000, abs=20)


def test_each_change_is_undone_and_done_again_and_named_in_the_history(both, sorter, hand, page_of):
    lease = page_of(sorter)
    helmet, phone = both.helmet.lineage, both.phone.lineage
    steps = [
        lambda: angles.show_camera(place(both.reel), phone, hand=hand(sorter, lease)),
        lambda: angles.cut_to_camera(place(both.reel), helmet, 291_000, hand=hand(sorter, lease)),
        lambda: angles.cut_to_camera(place(both.reel, 2), phone, 303_000, hand=hand(sorter, lease)),
    ]
    seen = [spans(both.reel)]
    for step in steps:
        step()
        seen.append(spans(both.reel))
    assert [[camera for camera, *_span in each] for each in seen] == [
        ["CAM_HELMET"], ["CAM_PHONE"], ["CAM_PHONE", "CAM_HELMET"], ["CAM_PHONE", "CAM_HELMET", "CAM_PHONE"],
    ]  # fmt: skip
    said = [str(change) for change in both.reel.changes.order_by("number")]
    assert said[1:] == ["Changed the camera", "Cut to another camera", "Cut to another camera"]
    for before in reversed(seen[:-1]):
        editing.undo(both.reel.changes.to_undo(), member=sorter, lease=lease)
        assert spans(both.reel) == before
    for after in seen[1:]:
        editing.redo(both.reel.changes.to_redo(), member=sorter, lease=lease)
        assert spans(both.reel) == after


def test_the_same_key_cuts_once_and_another_page_has_to_wait(both, sorter, curator, hand, page_of):
    key = uuid.uuid4()
    for _again in range(2):
        angles.cut_to_camera(
            place(both.reel), both.phone.lineage, 302_000, hand=hand(sorter, page_of(sorter), key=key)
        )  # fmt: skip
    assert both.reel.clips.count() == 2
    with pytest.raises(BeingEditedError):
        angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(curator, page_of(curator)))


@pytest.mark.parametrize("at_ms", [300_050, 303_950, 299_000], ids=["start", "end", "outside"])
def test_a_cut_leaves_something_on_both_sides(both, sorter, hand, at_ms):
    with pytest.raises(NotPossibleError, match="tenth of a second"):
        angles.cut_to_camera(place(both.reel), both.phone.lineage, at_ms, hand=hand(sorter))
    assert both.reel.clips.count() == 1


def test_a_camera_that_does_not_show_the_instant_is_not_cut_to(both, sorter, hand):
    FinalClip.objects.filter(pk=both.phone.pk).update(start_ms=292_500)
    with pytest.raises(NotPossibleError, match="doesn’t show this moment"):
        angles.cut_to_camera(place(both.reel), both.phone.lineage, 302_000, hand=hand(sorter))
    editing.trim_clip(place(both.reel), 300_000, 301_000, hand=hand(sorter))
    with pytest.raises(NotPossibleError, match="doesn’t show this moment"):
        angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(sorter))


def test_an_edit_has_room_for_so_many_places_only(both, sorter, hand, monkeypatch):
    monkeypatch.setattr(angles, "MAX_CLIPS", 1)
    with pytest.raises(ConflictError, match="at most 1"):
        angles.cut_to_camera(place(both.reel), both.phone.lineage, 302_000, hand=hand(sorter))


def test_a_pair_taken_apart_and_a_clip_in_the_bin_are_no_other_camera(both, sorter, curator, hand):
    entry = throw_away(curator, clips=[both.phone])
    assert angles.cameras_of(both.helmet) == []
    restore(entry, curator)
    assert len(angles.cameras_of(both.helmet)) == 2
    assert change(both.pair, lambda pair: pair.take_apart(sorter))
    with pytest.raises(NotPossibleError, match="no other camera"):
        angles.show_camera(place(both.reel), both.phone.lineage, hand=hand(sorter))


def test_the_box_offers_other_cameras_only_where_there_are_some(client, sorter, both, hand):
    client.force_login(sorter)
    box = reverse("clips:reel_clip", args=[both.reel.pk, place(both.reel).pk])
    shown = client.get(box, headers=HTMX).text
    assert f'data-cuts-to="{both.phone.lineage}"' in shown
    assert f'data-cuts-to="{both.helmet.lineage}"' not in shown
    FinalClip.objects.filter(pk=both.phone.pk).update(is_current=False)
    assert "data-cameras" not in client.get(box, headers=HTMX).text


def test_the_page_changes_the_camera_cuts_and_says_what_is_left_out(client, sorter, viewer, both):
    FinalClip.objects.filter(pk=both.phone.pk).update(end_ms=293_486)
    client.force_login(sorter)
    lease, row = str(uuid.uuid4()), place(both.reel).pk

    def post(name: str, **values: object):
        own = {"lease": lease, "key": str(uuid.uuid4())}
        return client.post(reverse(f"clips:{name}", args=[both.reel.pk, row]), own | values, headers=HTMX)

    cut = post("reel_clip_cut", camera=both.phone.lineage, at_ms=1500)
    assert cut.status_code == 200
    assert "That camera’s clip is shorter: 0.5 s are left out." in cut.text
    assert cut.text.count("data-reel-clip=") == 2
    assert spans(both.reel)[0] == ("CAM_HELMET", 300_000, 301_499)
    switched = post("reel_clip_camera", camera=both.phone.lineage)
    assert switched.status_code == 200
    assert "left out" not in switched.text
    refused = post("reel_clip_camera", camera=uuid.uuid4())
    assert refused.status_code == 422
    assert "no other camera" in refused.text
    assert post("reel_clip_cut", camera="x", at_ms=5).status_code == 422
    assert ReelChange.objects.count() == 3
    client.force_login(viewer)
    assert post("reel_clip_camera", camera=both.helmet.lineage).status_code == 403


def test_a_film_neither_fades_nor_names_anew_where_a_cut_goes_on(both, sorter, hand):
    files = {"stored_path": "final_clips/x.mp4", "file_hash": "a" * 64, "size_bytes": 9}
    FinalClip.objects.update(**files, person=Person.objects.find_or_add("Mia"))
    angles.cut_to_camera(place(both.reel), both.phone.lineage, 302_000, hand=hand(sorter))
    alone = clip_of(moment(both.helmet.original_file, 100_000, 103_000), **files)
    editing.add_clips(both.reel, FinalClip.objects.filter(pk=alone.pk), hand=hand(sorter))
    film = rendering.ask_for(both.reel, RenderWish(is_faded=True), member=sorter, key=uuid.uuid4())
    items = film.plan["items"]
    assert [item["goes_on"] for item in items] == [False, True, False]
    assert [len(item["names"]) for item in items] == [1, 0, 0]
    editing.trim_clip(place(both.reel, 2), 292_500, 293_900, hand=hand(sorter))
    assert angles.going_on(contents.entries_of(both.reel)) == set(), "half a second is missing in between"
