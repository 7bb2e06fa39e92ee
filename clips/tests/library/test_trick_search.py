"""Tests that a trick's clips are found however it is typed, and none of another number, direction or stance."""

import pytest
from django.urls import reverse

from clips.library.search import matching
from clips.models import FinalClip, Shoot
from people.models import Person
from tricks import naming
from tricks.models import Trick
from tricks.tests.trick_names import KNOWN, TYPED


@pytest.fixture
def clip_of(original) -> dict[str, FinalClip]:
    """A clip of each known trick, in a session whose name begins like a direction."""
    clips = [
        FinalClip(
            original_file=original, trick=Trick.objects.add(name), start_ms=0, end_ms=4000, date=original.shoot.date,
            camera_id=original.camera_id, fps_label=original.fps_label, filename=f"clip__v{number:03d}.mp4",
        )
        for number, name in enumerate(KNOWN)
    ]  # fmt: skip
    FinalClip.objects.bulk_create(clips)
    FinalClip.objects.all().refresh_search()
    return {str(clip.trick): clip for clip in clips}


@pytest.mark.slow
def test_what_is_typed_finds_the_clips_of_the_trick_that_is_meant(clip_of):
    missed = [
        (typed, meant) for typed, meant in TYPED
        if meant and not matching(FinalClip.objects.all(), typed).filter(pk=clip_of[meant].pk).exists()
    ]  # fmt: skip
    assert missed == []


@pytest.mark.slow
def test_a_direction_with_a_number_finds_no_other_direction_and_no_other_number(clip_of):
    wrong = []
    for typed, _meant in TYPED:
        asked = naming.read(typed)
        if not (asked.direction and asked.rotations_deg and not asked.base):
            continue
        for clip in matching(FinalClip.objects.all(), typed).select_related("trick"):
            name = naming.read(str(clip.trick))
            if name.direction != asked.direction or not set(asked.rotations_deg) <= set(name.rotations_deg):
                wrong.append((typed, str(clip.trick)))
    assert wrong == []


@pytest.mark.slow
def test_riders_sessions_and_tricks_are_found_together(clip_of):
    clip = clip_of["BS 360"]
    FinalClip.objects.filter(pk=clip.pk).update(person=Person.objects.add("Miller Downey"))
    FinalClip.objects.filter(pk=clip.pk).refresh_search()
    for typed in ("mil back 3", "backyard b/s 3-60 mil", "2024-12-01 bs360 downey"):
        assert list(matching(FinalClip.objects.all(), typed)) == [clip], typed


@pytest.mark.slow
def test_back_alone_is_the_beginning_of_any_word(clip_of):
    assert matching(FinalClip.objects.all(), "back").count() == len(KNOWN), Shoot.objects.get().name


@pytest.mark.parametrize(
    ("typed", "meant"), [("backside 180", "BS 180"), ("front side 3", "FS 360"), ("kickflp", "Kickflip")]
)
def test_the_picker_offers_first_what_is_meant_by_words_or_misspelt(client, viewer, typed, meant):
    for name in ("BS 180", "FS 180", "FS 360", "180", "Kickflip", "Heelflip"):
        Trick.objects.add(name)
    client.force_login(viewer)
    page = client.get("/tricks/pick", {"q": typed}, headers={"HX-Request": "true"}).content.decode()
    offered = [part.partition('"')[0] for part in page.split('data-value="')[1:]]
    known = [name for name in offered if name != typed]
    assert known[0] == meant, offered


@pytest.mark.parametrize("route", ["people:pick", "tricks:pick"])
def test_a_name_that_is_too_long_is_said_and_not_cut(client, viewer, route):
    client.force_login(viewer)
    offered = client.get(reverse(route), {"q": "x" * 100}, headers={"HX-Request": "true"}).text
    assert f'data-value="{"x" * 100}"' in offered.lower()
    said = client.get(reverse(route), {"q": "x" * 101}, headers={"HX-Request": "true"}).text
    assert "Names have at most 100 characters." in said
    assert "data-value" not in said
