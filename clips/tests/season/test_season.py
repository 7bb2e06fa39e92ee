"""Tests the pages of riders, tricks and seasons: each figure equals what plain SQL says, and leads to its clips."""

import datetime as dt
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.models import ClipCategory, FinalClip, Shoot
from clips.reels import editing
from clips.reels.editing import Hand
from clips.season import rider as of_rider
from clips.season import trick as of_trick
from clips.season import year as of_season
from clips.season.landings import streaks
from clips.season.seasons import Season
from clips.season.table import Cell, Table
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from people.models import Person
from tricks.models import Trick

TRICK, CRASH, BROLL = ClipCategory.TRICK, ClipCategory.CRASH, ClipCategory.BROLL
DAYS = [dt.date(2024, 7, 30), dt.date(2024, 12, 1), dt.date(2024, 12, 8), dt.date(2025, 1, 4), dt.date(2025, 8, 1)]


@pytest.fixture
def crew(sorter) -> dict:
    """Five days of filming: who did what, in which order, with a few clips that do not count."""
    people = {name: Person.objects.add(name) for name in ("Mia", "Jo")}
    tricks = {name: Trick.objects.add(name) for name in ("Grab 9", "Late Nothing")}
    videos = []
    for day in DAYS:
        shoot = Shoot.objects.create(date=day, name=f"Day {day}", slug=f"Day_{day:%j%Y}")
        at = dt.datetime.combine(day, dt.time(12), dt.UTC)
        videos.append(OriginalFileFactory(shoot=shoot, recorded_at=at, duration_ms=600_000))

    def clip(day: int, second: int, who: str | None, what: str | None, category=TRICK, also=(), **more) -> FinalClip:
        span = {"start_ms": second * 1000, "end_ms": second * 1000 + 3000}
        made = FinalClipFactory(
            original_file=videos[day], person=people.get(who), trick=tricks.get(what), category=category,
            created_by=sorter, camera_id="CAM_GOPRO11" if day < 3 else "CAM_SONY", **span, **more,
        )  # fmt: skip
        made.also.set(people[name] for name in also)
        return made

    clips = {
        "first crash": clip(0, 50, "Mia", "Grab 9", CRASH),
        "crash": clip(1, 10, "Mia", "Grab 9", CRASH),
        "landed": clip(1, 20, "Mia", "Grab 9"),
        "crash later": clip(1, 30, "Mia", "Grab 9", CRASH),
        "again": clip(3, 5, "Mia", "Grab 9"),
        "jo was first": clip(1, 15, "Jo", "Grab 9"),
        "together": clip(3, 8, "Jo", "Late Nothing", also=["Mia"]),
        "never": clip(4, 8, "Jo", "Late Nothing", CRASH),
        "scenery": clip(4, 20, None, None, BROLL),
        "untagged": clip(4, 30, "Mia", None),
        "replaced": clip(0, 1, "Mia", "Grab 9", is_current=False),
    }
    return {"people": people, "tricks": tricks, "clips": clips}


def sql(question: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()


def values(table: Table) -> list[list]:
    return [[cell.value for cell in row] for row in table.rows]


def follow(client, url: str) -> int:
    """Return how many clips the page behind a number lists."""
    return client.get(url).context["page"].paginator.count


FIRST = """
    SELECT t.name, min(c.date), count(*), (
        SELECT count(*) FROM clips_finalclip x JOIN clips_originalfile v ON v.id = x.original_file_id
        WHERE x.is_current AND x.category = 'CRASH' AND x.trick_id = c.trick_id AND x.person_id = %s
        AND v.recorded_at + x.start_ms * interval '1 ms' < min(o.recorded_at + c.start_ms * interval '1 ms'))
    FROM clips_finalclip c JOIN tricks_trick t ON t.id = c.trick_id
    JOIN clips_originalfile o ON o.id = c.original_file_id
    LEFT JOIN clips_finalclip_also a ON a.finalclip_id = c.id AND a.person_id = %s
    WHERE c.is_current AND c.category = 'TRICK' AND (c.person_id = %s OR a.id IS NOT NULL)
    GROUP BY t.name, c.trick_id
"""


@pytest.mark.slow
def test_a_riders_figures_equal_plain_sql_and_lead_to_their_clips(client, viewer, sorter, crew):
    mia, clips = crew["people"]["Mia"], crew["clips"]
    reel = editing.make_reel("With Mia", member=sorter)
    editing.add_clips(reel, FinalClip.objects.filter(pk=clips["landed"].pk), hand=Hand(sorter, uuid.uuid4()))
    shown = of_rider.figures_of(mia, viewer)
    told = {row[0]: (row[1], row[3], row[2] - 1) for row in values(shown.main)}
    assert told == {name: (day, n, tries) for name, day, n, tries in sql(FIRST, mia.pk, mia.pk, mia.pk)}
    assert told["Grab 9"] == (DAYS[1], 2, 2)
    assert [cell.url for cell in shown.main.rows[1]][1] == reverse("clips:clip", args=[clips["landed"].pk])
    by_season = {row[0]: row[1:] for row in values(shown.seasons)}
    assert by_season == {"2025/26": [1, 1, 0, 0, 0], "2024/25": [5, 3, 2, 2, 2], "2023/24": [1, 0, 0, 0, 1]}
    assert shown.streak == (2, 2)
    assert [edit.name for edit in shown.edits] == ["With Mia"]
    assert shown.n_clips == 7
    client.force_login(viewer)
    for table in shown.tables:
        for row in table.rows:
            for head, cell in zip(table.heads, row, strict=True):
                if cell.is_number and cell.url and head != "Different tricks":
                    assert follow(client, cell.url) == cell.value, (head, cell)


def test_a_tricks_page_says_who_landed_it_first(client, viewer, crew):
    shown = of_trick.figures_of(crew["tricks"]["Grab 9"], viewer)
    assert (shown.first_rider, shown.first.clip) == (crew["people"]["Jo"], crew["clips"]["jo was first"].pk)
    assert values(shown.main) == [["Jo", DAYS[1], 1, 1], ["Mia", DAYS[1], 3, 2]]
    client.force_login(viewer)
    assert all(follow(client, cell.url) == cell.value for row in shown.main.rows for cell in row if cell.is_number)
    late = of_trick.figures_of(crew["tricks"]["Late Nothing"], viewer)
    assert values(late.main) == [["Jo", DAYS[3], 1, 1], ["Mia", DAYS[3], 1, 1]]
    never = of_trick.figures_of(Trick.objects.add("Nobody Did"), viewer)
    assert (never.first, never.main.rows) == (None, [])


@pytest.mark.slow
def test_a_seasons_figures_equal_plain_sql(client, viewer, crew):
    season = Season(2024)
    shown = of_season.figures_of(season)
    span = (season.first_day, season.last_day)
    counted = "SELECT count(*), sum(end_ms - start_ms) FROM clips_finalclip WHERE is_current AND date BETWEEN %s AND %s"
    assert (shown.n_clips, shown.kept_ms) == sql(counted, *span)[0]
    filmed = "SELECT sum(o.duration_ms) FROM clips_originalfile o JOIN clips_shoot s ON s.id = o.shoot_id"
    assert shown.filmed_ms == sql(f"{filmed} WHERE s.date BETWEEN %s AND %s", *span)[0][0]
    months = """
        SELECT to_char(date, 'YYYY-MM'), count(*), count(*) FILTER (WHERE category = 'TRICK'),
        count(*) FILTER (WHERE category = 'CRASH'), count(DISTINCT trick_id) FILTER (WHERE category = 'TRICK')
        FROM clips_finalclip WHERE is_current AND date BETWEEN %s AND %s GROUP BY 1 ORDER BY 1
    """
    assert [tuple(row[:5]) for row in values(shown.months)] == sql(months, *span)
    assert [row[5] for row in values(shown.months)] == [1, 1]
    cameras = "SELECT count(*) FROM clips_finalclip WHERE is_current AND date BETWEEN %s AND %s GROUP BY camera_id"
    assert sorted(row[1] for row in values(shown.cameras)) == sorted(n for (n,) in sql(cameras, *span))
    assert [row[:3] for row in values(shown.riders)] == [["Mia", 5, 3], ["Jo", 2, 2]]
    assert values(shown.keepers) == [["mia", 6]]
    client.force_login(viewer)
    for table in shown.tables:
        for row in table.rows:
            for head, cell in zip(table.heads, row, strict=True):
                if cell.is_number and cell.url and head in {"Clips", "Landed", "Crashes"}:
                    assert follow(client, cell.url) == cell.value, (table.name, head, cell)
    days = [day for day in shown.calendar.days if day.level]
    assert len(days) == 2
    assert all(follow(client, day.url) == int(day.says.rpartition(" ")[2]) for day in days)


@pytest.mark.slow
def test_the_pages_ask_as_much_for_many_clips_as_for_few(client, viewer, crew):
    client.force_login(viewer)
    mia, trick = crew["people"]["Mia"], crew["tricks"]["Grab 9"]
    pages = [reverse("clips:rider", args=[mia.pk]), reverse("clips:trick", args=[trick.pk]), "/seasons/2024"]
    with CaptureQueriesContext(connection) as few:
        texts = [client.get(page).content.decode() for page in pages]
    assert all("Only what was filmed and kept counts." in text for text in texts)
    video = crew["clips"]["landed"].original_file
    for second in range(100, 130):
        clip = FinalClipFactory(
            original_file=video, person=Person.objects.add(f"Rider {second}"), trick=Trick.objects.add(f"T{second}"),
            start_ms=second * 1000, end_ms=second * 1000 + 2000,
        )  # fmt: skip
        clip.also.add(mia)
        FinalClip.objects.filter(pk=clip.pk).update(stars=second % 6)
    with CaptureQueriesContext(connection) as many:
        for page in pages:
            assert client.get(page).status_code == 200
    assert len(many) == len(few)


@pytest.mark.slow
def test_tables_are_files_and_pages_lead_to_each_other(client, viewer, crew):
    mia = crew["people"]["Mia"]
    viewer.rider = mia
    viewer.save()
    client.force_login(viewer)
    assert client.get("/me")["Location"] == reverse("clips:rider", args=[mia.pk])
    assert client.get("/seasons")["Location"] == "/seasons/2025"
    page = client.get(reverse("clips:rider", args=[mia.pk])).content.decode()
    assert "that’s you" in page
    for address in re.findall(r'href="([^"]+\.csv)"', page):
        answer = client.get(address)
        assert answer["Content-Type"] == "text/csv; charset=utf-8"
    rows = client.get(reverse("clips:rider_csv", args=[mia.pk, "tricks"])).content.decode().splitlines()
    assert rows[-1].lstrip("\ufeff").split(",") == ["Grab 9", "2024-12-01", "3", "2"]
    assert client.get(reverse("clips:season_csv", args=[2024, "months"])).status_code == 200
    assert client.get(reverse("clips:season_csv", args=[2024, "secrets"])).status_code == 404
    assert client.get("/seasons/1999").status_code == 404
    Shoot.objects.update(bin_entry=None)


def test_without_footage_the_season_says_so_and_me_leads_to_the_account(client, viewer, db):
    client.force_login(viewer)
    assert "Nothing was filmed yet." in client.get("/seasons").content.decode()
    assert client.get("/me")["Location"] == reverse("people:account")


def test_a_name_in_a_table_is_no_markup():
    assert Cell("<b>Mia</b>", "/a?b=1&c=2").html == '<td><a href="/a?b=1&amp;c=2">&lt;b&gt;Mia&lt;/b&gt;</a></td>'
    assert Cell(3).html == '<td class="number">3</td>'


def test_a_streak_ends_on_a_day_without_a_clip():
    days = [dt.date(2025, 1, day) for day in (1, 3, 4, 9, 10)]
    assert streaks(days, days) == (5, 5)
    assert streaks(days[:3], days) == (0, 3)
    assert streaks([days[0], *days[3:]], days) == (2, 2)
    assert streaks([], []) == (0, 0)


def test_a_season_has_twelve_months_from_august_on():
    assert Season.of(dt.date(2025, 7, 31)) == Season(2024)
    assert Season.of(dt.date(2025, 8, 1)) == Season(2025)
    months = Season(2024).months
    assert (len(months), months[0], months[5], months[-1]) == (
        12, dt.date(2024, 8, 1), dt.date(2025, 1, 1), dt.date(2025, 7, 1)
    )  # fmt: skip
    assert (str(Season(1999)), Season(2024).last_day) == ("1999/00", dt.date(2025, 7, 31))
