"""Tests the facets of the library: what they count, and what one finds by typing."""

import datetime as dt

import pytest

from clips.library.bin import throw_away
from clips.library.facets import TITLES
from clips.models import CameraName, FinalClip, Heart, Reel, Shoot
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from people.models import Member, Person
from tricks.models import Trick


@pytest.fixture
def clips(original) -> list[FinalClip]:
    """Six clips: Mia does KFED thrice and BS 180 once; Jo does KFED once, with Mia in it; one has no tags."""
    other = OriginalFileFactory(
        shoot=Shoot.objects.called("Glacier", dt.date(2025, 1, 4)), original_filename="B.MP4", file_hash="b" * 64,
        stored_path="originals/b.mp4", camera_id="CAM_SONY", camera_serial="7", fps_label="60FPS",
    )  # fmt: skip
    CameraName.objects.create(camera_id="CAM_SONY", serial="7", name="Big Sony")
    mia, jo = Person.objects.add("Mia"), Person.objects.add("Jo")
    kfed, spin = Trick.objects.add("KFED", category="RAIL"), Trick.objects.add("BS 180")
    tags = [(mia, kfed)] * 3 + [(mia, spin), (jo, kfed), (None, None)]
    made = []
    for number, (person, trick) in enumerate(tags):
        file = other if number > 3 else original
        made.append(
            FinalClipFactory(
                original_file=file, person=person, trick=trick, filename=f"{number}__v001.mp4", date=file.shoot.date,
                camera_id=file.camera_id, fps_label=file.fps_label, start_ms=0, end_ms=4000,
                category="CRASH" if number == 0 else "TRICK",
            )
        )  # fmt: skip
    made[4].also.add(mia)
    FinalClip.objects.all().refresh_search()
    return made


@pytest.fixture
def client(client, viewer):
    client.force_login(viewer)
    return client


def facet(client, name: str, query: str = "", **headers: str):
    answer = client.get(f"/library/facets/{name}?{query}", headers={"HX-Request": "true", **headers})
    return answer.context["facet"]


def counts(client, query: str = "") -> dict[str, dict[str, int]]:
    return {
        name: {choice.text: choice.n for choice in facet(client, name, query).choices if choice.n} for name in TITLES
    }


def edit_of(clips: list[FinalClip], name: str, member: Member) -> Reel:
    reel = Reel.objects.create(name=name, made_by=member, made_by_name=member.username)
    for position, clip in enumerate(clips, start=1):
        reel.clips.create(position=position, lineage=clip.lineage)
    return reel


def test_clips_of_an_edit_are_found_by_its_name_and_its_id(client, clips, sorter, curator):
    reel = edit_of([clips[0], clips[4], clips[0]], "December", sorter)
    edit_of([clips[1]], "January", sorter)
    for value in (reel.pk, "December", "  december "):
        shown = client.get("/clips", {"edit": value}).context["page"].object_list
        assert {clip.pk for clip in shown} == {clips[0].pk, clips[4].pk}
    assert client.get("/clips", {"edit": "No such"}).context["page"].paginator.count == 0
    throw_away(curator, reels=[reel.pk])
    assert client.get("/clips", {"edit": reel.pk}).context["page"].paginator.count == 0, "it is in the bin"


def test_each_facet_counts_the_clips_of_its_values(client, clips, viewer, sorter):
    edit_of([clips[0], clips[4], clips[0]], "December", sorter)
    Heart.objects.give([clips[0].lineage], viewer)
    Heart.objects.give([clips[0].lineage, clips[1].lineage], sorter)
    assert counts(client) == {
        "session": {"Glacier · 2025-01-04": 2, "Backyard Rails · 2024-12-01": 4},
        "person": {"Mia": 5, "Jo": 1},
        "trick": {"KFED": 4, "BS 180": 1},
        "untagged": {"untagged": 1, "no rider": 1, "no trick": 1},
        "category": {"trick": 5, "crash": 1},
        "camera": {"GOPRO11": 4, "SONY": 2, "Big Sony · SONY": 2},
        "fps": {"60 fps": 2, "240 fps": 4},
        "stars": {"not rated": 6},
        "hearts": {"mine": 1, "anybody’s": 2},
        "edit": {"December": 2},
    }


@pytest.mark.slow
def test_a_facet_leaves_its_own_choice_out_and_minds_all_others(client, clips):
    found = counts(client, "person=Jo&category=TRICK")
    assert found["person"] == {"Jo": 1, "Mia": 4}
    assert found["trick"] == {"KFED": 1}
    assert found["category"] == {"trick": 1}
    assert found["untagged"] == {}
    assert counts(client, "q=glacier")["person"] == {"Jo": 1, "Mia": 1}
    assert counts(client, "q=glaceir&person=Jo")["person"] == {"Jo": 1, "Mia": 1}, "also where it is misspelt"


@pytest.mark.slow
def test_the_numbers_are_what_the_clips_are_when_ticked(client, clips, sorter):
    edit_of(clips[:2], "December", sorter)
    for name in TITLES:
        for choice in facet(client, name).choices:
            found = client.get("/clips", {name: choice.value}).context["page"].paginator.count
            assert found == choice.n, (name, choice.text)


@pytest.mark.slow
def test_the_same_query_has_the_same_address(client, clips):
    headers = {"HX-Request": "true"}
    one = client.get("/clips?trick=KFED&person=Mia&person=Jo&person=Mia&fps=", headers=headers)
    other = client.get("/clips?person=Jo&trick=KFED&person=Mia&find=x", headers=headers)
    assert one["HX-Push-Url"] == other["HX-Push-Url"] == "/clips?person=Jo&person=Mia&trick=KFED"
    page = client.get(other["HX-Push-Url"]).content.decode()
    assert '<input type="checkbox" name="person" value="Jo" checked>' in page


def test_what_is_typed_finds_a_choice_and_keeps_the_ticked_ones(client, clips):
    def offered(name: str, query: str) -> list[str]:
        found = facet(client, name, query, **{"HX-Trigger-Name": "find"})
        return [choice.text for choice in found.choices]

    assert offered("trick", "find=backside+180") == ["BS 180"]
    assert offered("trick", "find=kfd") == ["KFED"]
    assert offered("trick", "find=bs&trick=KFED") == ["KFED", "BS 180"]
    assert offered("person", "find=m&q=glacier") == ["Mia"]
    assert offered("session", "find=glac") == ["Glacier · 2025-01-04"]
    assert client.get("/library/facets/loudness", headers={"HX-Request": "true"}).status_code == 404


def test_only_the_first_of_many_are_on_the_page(client, original):
    for number in range(9):
        FinalClipFactory(
            original_file=original, person=Person.objects.add(f"Rider {number}"), filename=f"{number}__v001.mp4"
        )  # fmt: skip
    found = facet(client, "person")
    assert (len(found.choices), found.n_more) == (6, 3)
    found = facet(client, "person", "person=Rider_8")
    assert [choice.text for choice in found.choices][:2] == ["Rider 8", "Rider 0"]
    assert [(choice.text, choice.n) for choice in found.choices if choice.is_chosen] == [("Rider 8", 1)]


def test_chosen_values_are_called_by_their_names(client, clips, original):
    query = f"session={original.shoot_id}&person=Jo&trick=BS_180&camera=CAM_SONY&fps=60FPS&category=CRASH&untagged=both"
    chosen = [choice.text for each in client.get(f"/clips?{query}").context["facets"] for choice in each.choices]
    assert chosen == ["Backyard Rails · 2024-12-01", "Jo", "BS 180", "untagged", "crash", "SONY", "60 fps"]
