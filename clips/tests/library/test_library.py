"""Tests the library page: its search results, their order, and a constant cost for more rows."""

import datetime as dt

import pytest
from django.db import connection
from django.urls import reverse

from clips.library.ordering import in_order, span
from clips.library.search import matching, prefix_query, words
from clips.models import CameraName, CandidateSegment, FinalClip, JobKind, OriginalFile, Preview, Shoot
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from people.models import Person, PersonAlias
from people.renaming import announce
from tricks.models import Trick, TrickAlias


def make_clip(original: OriginalFile, name: str, **fields) -> FinalClip:
    fields = {"start_ms": 0, "end_ms": 4000, "date": original.shoot.date, **fields}
    clip = FinalClipFactory(
        original_file=original, filename=f"{name}__v001.mp4",
        camera_id=original.camera_id, fps_label=original.fps_label, **fields,
    )  # fmt: skip
    FinalClip.objects.filter(pk=clip.pk).refresh_search()
    return clip


@pytest.fixture
def miller(db) -> Person:
    return Person.objects.add("Miller Downey")


@pytest.fixture
def kfed(db) -> Trick:
    return Trick.objects.add("KFED", category="RAIL")


@pytest.fixture
def clips(original, miller, kfed) -> dict[str, FinalClip]:
    night = Shoot.objects.called("Nachtlauf Öd", dt.date(2025, 1, 4))
    other = OriginalFileFactory(
        shoot=night, original_filename="IMG_0042.MOV", stored_path="originals/two.mp4", file_hash="b" * 64,
        size_bytes=1, camera_id="CAM_IPHONE_XR", fps_label="60FPS", duration_ms=60_000, codec="hevc",
    )  # fmt: skip
    CameraName.objects.create(camera_id="CAM_GOPRO11", name="Helmet cam")
    zoe, spin = Person.objects.add("Zoë"), Trick.objects.add("180", direction="BS")
    return {
        "rail": make_clip(original, "rail", person=miller, trick=kfed),
        "spin": make_clip(other, "spin", person=zoe, trick=spin),
        "crash": make_clip(original, "crash", category="CRASH", start_ms=9000, end_ms=12_000),
    }


def names(response) -> list[str]:
    return [clip.filename.split("__")[0] for clip in response.context["page"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["spin", "crash", "rail"]),
        ({"q": "mil kf 240"}, ["rail"]),
        ({"q": "ZOE"}, ["spin"]),
        ({"q": "zoë bs180"}, ["spin"]),
        ({"q": "backside"}, ["spin"]),
        ({"q": "img_0042"}, ["spin"]),
        ({"q": "backyard cras"}, ["crash"]),
        ({"q": "2024-12"}, ["crash", "rail"]),
        ({"q": "öd"}, ["spin"]),
        ({"q": "ail"}, []),
        ({"q": "…"}, ["spin", "crash", "rail"]),
        ({"q": "december"}, ["crash", "rail"]),
        ({"q": "dez 2024"}, ["crash", "rail"]),
        ({"q": "12/2024 mil"}, ["rail"]),
        ({"q": "jänner"}, ["spin"]),
        ({"q": "backside 180"}, ["spin"]),
        ({"q": "back one"}, ["spin"]),
        ({"q": "untagged"}, ["crash"]),
        ({"q": "no rider 2024-12"}, ["crash"]),
        ({"q": "crash"}, ["crash"]),
        ({"q": "240"}, ["crash", "rail"]),
        ({"q": "240 fps"}, ["crash", "rail"]),
        ({"q": "60fps"}, ["spin"]),
        ({"q": "helmet"}, ["crash", "rail"]),
        ({"q": "kfde"}, ["rail"]),
        ({"q": "miler dowmey"}, ["rail"]),
        ({"q": "nachlauf"}, ["spin"]),
        ({"q": "kfde dez 2024"}, ["rail"]),
        ({"q": "zoey 2025-01-04"}, ["spin"]),
        ({"untagged": "both"}, ["crash"]),
        ({"untagged": ["person", "trick"]}, ["crash"]),
        ({"person": ["Miller_Downey", "Zoe"]}, ["spin", "rail"]),
        ({"trick": ["KFED", "BS_180"], "fps": ["60fps"]}, ["spin"]),
        ({"category": ["TRICK", "CRASH"], "camera": ["CAM_GOPRO11"]}, ["crash", "rail"]),
        ({"untagged": "person"}, ["crash"]),
        ({"untagged": "trick", "session": "Backyard Rails"}, ["crash"]),
        ({"person": "Miller_Downey", "camera": "CAM_GOPRO11"}, ["rail"]),
        ({"date_from": "2025-01-01"}, ["spin"]),
        ({"sort": "oldest"}, ["rail", "crash", "spin"]),
        ({"sort": "person"}, ["rail", "spin", "crash"]),
        ({"sort": "trick"}, ["spin", "rail", "crash"]),
    ],
)
def test_clips_are_found_and_ordered_by(client, viewer, clips, query, found):
    client.force_login(viewer)
    assert names(client.get("/clips", query)) == found


def test_a_misspelt_search_says_what_it_shows(client, viewer, clips):
    client.force_login(viewer)
    page = client.get("/clips", {"q": "milller kfde"})
    assert "Showing results for <strong>miller kfed</strong>" in page.content.decode()
    assert 'value="milller kfde"' in page.content.decode(), "what was typed stays in the box"
    assert 'data-query="q=miller+kfed"' in page.content.decode(), "what is selected or downloaded is what is shown"
    right = client.get("/clips", {"q": "miller"})
    assert "Showing results for" not in right.content.decode()
    nothing = client.get("/clips", {"q": "milller", "date_from": "2025-01-01"})
    assert "Showing results for" not in nothing.content.decode()
    assert "No matches" in nothing.content.decode()


def test_a_rider_called_as_a_month_is_found_by_name(client, viewer, clips):
    client.force_login(viewer)
    Person.objects.filter(display_name="Zoë").update(display_name="April Dezember")
    FinalClip.objects.all().refresh_search()
    assert names(client.get("/clips", {"q": "april"})) == ["spin"]
    assert names(client.get("/clips", {"q": "dezember"})) == ["spin"]
    assert names(client.get("/clips", {"q": "dezember 2024"})) == ["crash", "rail"]


def test_a_session_is_picked_by_its_id(client, viewer, clips):
    client.force_login(viewer)
    shoot = clips["spin"].original_file.shoot
    page = client.get("/clips", {"session": str(shoot.pk)})
    assert names(page) == ["spin"]
    assert f'<input type="checkbox" name="session" value="{shoot.pk}" checked>' in page.content.decode()


def test_what_is_typed_is_never_taken_for_a_query_language():
    assert words("O'Neill & (Zoë):* | CAM_GOPRO11") == ["o", "neill", "zoë", "cam", "gopro11"]
    assert prefix_query(" !&| ") is None


def test_the_search_goes_through_its_index(clips):
    with connection.cursor() as cursor:
        # Of a handful of rows any way is quick; a full text index is read as a bitmap.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_indexscan = off")
    assert "clip_search" in matching(FinalClip.objects.all(), "mil kf").explain()


def test_removed_clips_and_old_versions_are_not_in_the_library(client, viewer, clips, original):
    make_clip(original, "old", is_current=False, lineage=clips["rail"].lineage)
    make_clip(original, "undone", is_current=False, removed_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    client.force_login(viewer)
    assert names(client.get("/clips")) == ["spin", "crash", "rail"]
    assert names(client.get("/clips", {"q": "undone", "all_versions": "true"})) == []


def test_htmx_gets_the_results_alone_and_the_short_address(client, viewer, clips):
    client.force_login(viewer)
    query = {"q": "mil", "person": "", "sort": "newest", "view": "grid", "date_from": ""}
    answer = client.get("/clips", query, headers={"HX-Request": "true"})
    assert answer["HX-Push-Url"] == "/clips?q=mil"
    assert answer["Vary"].count("HX-Request") == 1
    assert answer.content.decode().lstrip().startswith('<section id="results"')
    typed = client.get("/clips", query, headers={"HX-Request": "true", "HX-Trigger-Name": "q"})
    assert typed["HX-Replace-Url"] == "/clips?q=mil"


def test_going_back_gets_the_whole_page(client, viewer, clips):
    client.force_login(viewer)
    headers = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    page = client.get("/clips?q=mil", headers=headers).content.decode()
    assert 'name="q" value="mil"' in page


@pytest.mark.parametrize("query", ["date_from=tomorrow", "category=FUN", "sort=loudest"])
def test_a_filter_that_makes_no_sense_gets_a_sentence(client, viewer, clips, query):
    client.force_login(viewer)
    answer = client.get(f"/clips?{query}")
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize(("query", "says"), [("", "No clips yet"), ("?q=nothing", "No matches")])
def test_an_empty_library_says_why(client, viewer, query, says):
    client.force_login(viewer)
    assert says in client.get(f"/clips{query}").content.decode()


def test_a_name_in_the_address_that_no_menu_has_stays_chosen(client, viewer, clips, miller):
    PersonAlias.objects.create(person=miller, name="Mills")
    client.force_login(viewer)
    page = client.get("/clips?person=mills")
    assert names(page) == ["rail"]
    assert '<input type="checkbox" name="person" value="mills" checked>' in page.content.decode()


@pytest.mark.slow
@pytest.mark.parametrize(("view", "n_queries"), [("grid", 9), ("list", 13)])
def test_the_page_costs_as_many_queries_for_a_thousand_clips_as_for_ten(
    client, viewer, clips, original, run, view, n_queries, django_assert_num_queries
):
    client.force_login(viewer)
    make_many(original, run, 10)
    with django_assert_num_queries(n_queries):
        client.get("/clips", {"view": view, "sort": "person"})
    make_many(original, run, 1000)
    with django_assert_num_queries(n_queries):
        page = client.get("/clips", {"view": view, "sort": "person"})
    assert len(page.context["page"]) == 48


def make_many(original: OriginalFile, run, n_clips: int) -> None:
    first = FinalClip.objects.count()
    rows = [
        CandidateSegment(original_file=original, run=run, start_ms=n, end_ms=n + 4000, score=1)
        for n in range(first, first + n_clips)
    ]
    segments = CandidateSegment.objects.bulk_create(rows)
    Preview.objects.bulk_create(
        Preview(segment=s, stored_path=str(s.pk), start_ms=0, end_ms=7000, width_px=960, height_px=540, size_bytes=1)
        for s in segments
    )
    FinalClip.objects.bulk_create(
        FinalClip(
            candidate_segment=segment, original_file=original, filename=f"{first + n}.mp4", start_ms=0, end_ms=4000,
            camera_id="CAM_X", fps_label="30FPS", date="2024-12-01",
        )
        for n, segment in enumerate(segments)
    )  # fmt: skip


# What clips are found by follows the names.


def found(text: str) -> int:
    return matching(FinalClip.objects.current(), text).count()


@pytest.mark.slow
def test_a_new_name_or_alias_finds_the_clips(clips, miller, kfed, work_off):
    def changed(named) -> None:
        announce(named)
        assert JobKind.RENAME in work_off()

    Person.objects.filter(pk=miller.pk).update(display_name="Millicent")
    changed(miller)
    assert (found("millicent"), found("miller")) == (1, 1)  # the slug is still in the file's name
    PersonAlias.objects.create(person=miller, name="Turbo")
    alias = TrickAlias.objects.create(trick=kfed, name="K-Fed grind")
    changed(miller), changed(kfed)
    assert (found("turbo"), found("grind")) == (1, 1)
    alias.delete()
    changed(kfed)
    assert found("grind") == 0
    clips["crash"].also.add(miller)
    PersonAlias.objects.create(person=miller, name="Zed")
    changed(miller)
    assert found("zed") == 2


def test_the_nightly_refresh_catches_up_and_rewrites_only_what_changed(clips, miller):
    Person.objects.filter(pk=miller.pk).update(display_name="Quentin")
    assert found("quentin") == 0
    assert FinalClip.objects.all().refresh_search() == 1
    assert found("quentin") == 1
    assert FinalClip.objects.all().refresh_search() == 0


def test_the_pages_of_a_query_keep_it(client, viewer, original, run):
    make_many(original, run, 60)
    client.force_login(viewer)
    page = client.get(reverse("clips:library"), {"camera": "CAM_X", "view": "list"}).content.decode()
    assert 'href="/clips?camera=CAM_X&amp;view=list&amp;page=2"' in page
    second = client.get(reverse("clips:library"), {"camera": "CAM_X", "page": "2"})
    assert len(second.context["page"]) == 12


@pytest.mark.parametrize("sort", ["person", "-person", "trick", "-trick"])
def test_pages_by_name_are_parts_of_the_whole_order(original, miller, kfed, sort):
    names = [Person.objects.add("Zoë"), miller, None, Person.objects.add("ädam"), None, Person.objects.add("Bo")]
    for number, person in enumerate(names * 3):
        make_clip(original, f"clip{number}", person=person, trick=kfed if number % 4 else None, start_ms=number)
    clips = in_order(FinalClip.objects.current(), sort)
    whole = list(clips.values_list("pk", flat=True))
    for size in (1, 4, 5, 18):
        for first in range(0, len(whole) + size, size):
            page = list(span(clips, first, first + size, name=sort).values_list("pk", flat=True))
            assert page == whole[first : first + size]


def test_a_rider_is_found_beside_others_however_many_clips_they_are_in(client, viewer, clips, miller, monkeypatch):
    clips["crash"].also.add(miller)
    client.force_login(viewer)
    for few in (1000, 0):
        monkeypatch.setattr("clips.library.filters.FEW", few)
        assert names(client.get("/clips", {"person": "Miller_Downey"})) == ["crash", "rail"]
