"""Tests the list of the library: how its columns sort, which are shown, and what is not said in each row."""

import datetime as dt

import pytest
from django.utils import timezone

from clips.archive.configured import archive_name
from clips.library import ordering
from clips.library.columns import COOKIE
from clips.models import ArchiveCopy, CopyState, FinalClip
from clips.tests.factories import FinalClipFactory
from people.models import Person
from tricks.models import Trick


@pytest.fixture
def client(client, viewer):
    client.force_login(viewer)
    return client


@pytest.fixture
def clips(original) -> list[FinalClip]:
    tags = [("Zoe", "Kickflip", "60FPS", "CAM_B", 3000), ("Ada", None, "240FPS", "CAM_A", 1000)]
    tags += [(None, "BS 180", "30FPS", "CAM_C", 2000)]
    return [
        FinalClipFactory(
            original_file=original, person=Person.objects.add(person) if person else None, start_ms=0, end_ms=end_ms,
            trick=Trick.objects.add(trick) if trick else None, fps_label=fps, camera_id=camera,
            date=dt.date(2024, 12, 1 + number), filename=f"{number}__v001.mp4",
        )
        for number, (person, trick, fps, camera, end_ms) in enumerate(tags)
    ]  # fmt: skip


def archive(clip: FinalClip, state: CopyState = CopyState.VERIFIED) -> None:
    at = timezone.now() if state == CopyState.VERIFIED else None
    ArchiveCopy.objects.create(
        clip=clip, backend=archive_name(), path=clip.filename, sha256="a" * 64, state=state, verified_at=at
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sort", "found"),
    [
        ("person", [1, 0, 2]), ("-person", [0, 1, 2]), ("trick", [2, 0, 1]), ("-trick", [0, 2, 1]),
        ("camera", [1, 0, 2]), ("-camera", [2, 0, 1]), ("rate", [2, 0, 1]), ("-rate", [1, 0, 2]),
        ("length", [1, 2, 0]), ("-length", [0, 2, 1]), ("oldest", [0, 1, 2]), ("newest", [2, 1, 0]),
    ],
)  # fmt: skip
def test_each_order_and_the_neighbours_in_it(client, clips, sort, found):
    page = client.get("/clips", {"view": "list", "sort": sort})
    shown = list(page.context["page"])
    assert [clips.index(clip) for clip in shown] == found
    before, after = ordering.neighbours(FinalClip.objects.exclude(pk=shown[1].pk), shown[1], sort)
    assert [before, after] == [shown[0], shown[2]]


@pytest.mark.slow
def test_a_click_sorts_a_second_one_turns_and_the_search_stays(client, clips):
    def link(query: str, name: str) -> str:
        heads = client.get(f"/clips?{query}").context
        return next(head.query for head in [*heads["clip_heads"], *heads["heads"]] if head.name == name)

    assert link("view=list&fps=60FPS", "person") == "fps=60FPS&view=list&sort=person"
    assert link("view=list&sort=person", "person") == "view=list&sort=-person"
    assert link("view=list&sort=-person", "person") == "view=list&sort=person"
    assert link("view=list", "date") == "view=list&sort=oldest"
    assert link("view=list&sort=oldest", "date") == "view=list", "the newest first goes without saying"
    page = client.get("/clips?view=list&sort=-rate").content.decode()
    assert '<th scope="col" aria-sort="descending">' in page


def test_the_columns_that_this_browser_chose_are_shown(client, clips):
    client.cookies[COOKIE] = "date.length.loudness"
    page = client.get("/clips?view=list")
    assert [head.name for head in page.context["heads"]] == ["date", "length"]
    text = page.content.decode()
    assert "1.0 s</td>" in text
    assert "clip-file-name" not in text
    client.cookies[COOKIE] = ""
    assert client.get("/clips?view=list").context["heads"] == []


@pytest.mark.slow
def test_what_all_rows_would_say_of_the_archive_is_said_once(client, clips):
    for clip in clips:
        archive(clip)
    page = client.get("/clips?view=list").content.decode()
    assert page.count("verified in the local archive") == 1
    assert "All verified in the local archive." in page
    assert 'class="clip-archive"' not in page


def test_a_row_that_differs_says_so(client, clips):
    archive(clips[0]), archive(clips[1])
    page = client.get("/clips?view=list").content.decode()
    assert page.count("verified in the local archive") == 1
    assert "unless a row says otherwise" in page
    assert page.count("not archived yet") == 1
