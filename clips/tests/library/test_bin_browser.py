"""Tests the bin in a real browser: throw away, undo by Z, restore, on a phone and on a desk, as each role."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from clips.models import BinEntry, CandidateSegment, FinalClip, OriginalFile, SegmentStatus, Shoot
from clips.tests.browser import log_in, open_page, press
from clips.tests.factories import FinalClipFactory, OriginalFileFactory
from people.models import Member, Person, Role
from tricks.models import Trick

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "long-enough-for-everyone"
SIZES = [(390, 844), (1440, 900)]
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


def ask(rows: Callable[[], object]) -> object:
    """Return what a function finds in the database, which the browser's own thread may not ask."""

    def asked() -> object:
        try:
            return rows()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asked).result()


def trash(segment: CandidateSegment) -> None:
    ask(lambda: CandidateSegment.objects.filter(pk=segment.pk).update(status=SegmentStatus.TRASHED))


@pytest.fixture
def mia(db) -> Member:
    return Member.objects.create_user("mia", PASSWORD, role=Role.SORTER)


@pytest.fixture
def clip(original, segments, mia) -> FinalClip:
    CandidateSegment.objects.filter(pk=segments[0].pk).update(status=SegmentStatus.ACCEPTED)
    OriginalFile.objects.update(uploader=mia)
    return FinalClipFactory(
        original_file=original, candidate_segment=segments[0], start_ms=0, end_ms=4000, created_by=mia,
        person=Person.objects.add("Miller Downey"), trick=Trick.objects.add("KFED", category="RAIL"),
        filename="2024-12-01__BackyardRails__Miller_Downey__KFED__CAM_GOPRO11__240FPS__v001.mp4",
    )  # fmt: skip


@pytest.fixture(params=SIZES, ids=["phone", "desk"])
def page(request, chromium, live_server, clip) -> Page:
    width_px, height_px = request.param
    size = {"width_px": width_px, "height_px": height_px, "touch": width_px < 500}
    # A removed clip's page answers 410, and says so.
    with open_page(chromium, live_server.url, **size, provoked="410") as page:
        log_in(page, "mia", PASSWORD)
        yield page
        page.goto("about:blank")  # or its polls would go on while the rows are taken away


def test_a_clip_is_binned_undone_binned_and_restored_from_the_bin(page, clip):
    page.goto(f"/clips/{clip.pk}")
    page.get_by_role("button", name="Bin", exact=True).click()
    expect(page.locator("#toasts .toast")).to_contain_text("Binned: Miller Downey KFED")
    expect(page.get_by_role("link", name="Miller Downey")).to_have_count(0)
    press(page, "z")
    expect(page.locator(".message")).to_contain_text("Restored: Miller Downey KFED")
    assert ask(FinalClip.objects.current().get) == clip

    page.goto(f"/clips/{clip.pk}")
    page.get_by_role("button", name="Bin", exact=True).click()
    expect(page.locator("#toasts .toast")).to_be_visible()
    assert page.evaluate(FITS)
    page.goto("/bin")
    entry = page.locator("[data-entry]")
    expect(entry).to_contain_text("Miller Downey KFED")
    expect(entry).to_contain_text("30 days left")
    expect(entry).to_contain_text("mia")
    expect(page.get_by_text("Delete now")).to_have_count(0)  # that is for curators
    assert page.evaluate(FITS)
    page.get_by_role("button", name="Restore Miller Downey KFED").click()
    expect(page.get_by_text("The bin is empty.")).to_be_visible()
    assert ask(FinalClip.objects.current().get) == clip


def test_a_wrong_video_is_binned_with_one_click_from_its_session_and_comes_back(page, shoot, mia):
    fields = {"shoot": shoot, "original_filename": "WRONG.MP4", "uploader": mia, "width_px": 1920, "height_px": 1080}
    wrong = ask(lambda: OriginalFileFactory(**fields, fps_label="60FPS", duration_ms=1000))
    page.goto("/sessions")
    page.get_by_role("link", name="Backyard Rails").first.click()
    page.wait_for_load_state()  # its buttons do nothing before
    page.locator("#details > summary").click()
    page.locator(f"#bin-{wrong.pk}").click()
    expect(page.locator("#toasts .toast")).to_contain_text("Binned: WRONG.MP4")
    expect(page.get_by_role("heading", name="WRONG.MP4")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="WRONG.MP4")).to_be_visible()


def test_a_video_with_clips_asks_what_becomes_of_them(page, original, clip):
    page.goto(f"/sessions/{original.shoot_id}#files-title")
    page.locator(f"#bin-{original.pk}").click()
    question = page.get_by_role("dialog")
    expect(question.get_by_label("Also its 1 clip")).not_to_be_checked()
    assert page.evaluate(FITS)
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    page.locator(f"#bin-{original.pk}").click()
    question.get_by_label("Also its 1 clip").check()
    question.get_by_label("Why").fill("wrong card")
    question.get_by_role("button", name="Move to bin").click()
    expect(page.locator("#toasts .toast")).to_contain_text("Binned: GX010001.MP4")
    entry = ask(BinEntry.objects.get)
    assert (entry.n_clips, entry.reason) == (1, "wrong card")


def test_a_session_is_deleted_after_its_videos_moved_elsewhere(page, original, shoot, clip, mia):
    other = ask(lambda: Shoot.objects.called("Other Spot", shoot.date))
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_role("link", name="Delete session").click()
    question = page.get_by_role("dialog")
    question.get_by_label("Keep its 1 video? Move it to").select_option(label=f"{other.date} Other Spot")
    question.get_by_role("button", name="Move", exact=True).click()
    expect(page.locator("#toasts .toast")).to_contain_text(f"Moved 1 video to {other.date} Other Spot")
    page.get_by_role("link", name="Delete session").click()
    question.get_by_role("button", name="Move to bin").click()
    expect(page.locator("#toasts .toast")).to_contain_text("Binned: Backyard Rails")
    assert ask(BinEntry.objects.get).n_videos == 0
    ask(original.refresh_from_db)
    assert (original.shoot_id, original.bin_entry_id) == (other.pk, None)


def test_trashed_moments_of_others_come_back_with_one_click(page, shoot, segments):
    trash(segments[1])
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_role("link", name="1 trashed moment").click()
    page.get_by_role("button", name="Restore 0:10").click()
    expect(page.locator(".trashed-moment")).to_have_count(0)
    assert ask(lambda: CandidateSegment.objects.get(pk=segments[1].pk)).status == SegmentStatus.UNREVIEWED


def test_a_trashed_moment_comes_back_from_the_list_below_the_time_line(page, shoot, segments):
    trash(segments[1])
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_text("List of 10 moments").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".mark[data-state=trashed]")).to_have_count(0)
    assert ask(lambda: CandidateSegment.objects.get(pk=segments[1].pk)).status == SegmentStatus.UNREVIEWED


def test_a_curator_deletes_now_and_reads_first_what_goes(chromium, live_server, clip, mia):
    Member.objects.create_user("cora", PASSWORD, role=Role.CURATOR)
    with open_page(chromium, live_server.url, provoked="410") as page:
        log_in(page, "cora", PASSWORD)
        page.goto(f"/clips/{clip.pk}")
        page.get_by_role("button", name="Bin", exact=True).click()
        page.goto("/bin")
        page.get_by_text("Delete now").click()
        expect(page.locator(".bin-sure")).to_contain_text("Deletes 1 clip for good.")
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text("Deleting: Miller Downey KFED")).to_be_visible()
        page.goto("about:blank")
    assert BinEntry.objects.being_emptied().count() == 1


def test_a_viewer_finds_no_bin(chromium, live_server, clip):
    Member.objects.create_user("vera", PASSWORD, role=Role.VIEWER)
    with open_page(chromium, live_server.url, provoked="403") as page:
        log_in(page, "vera", PASSWORD)
        for address in (f"/clips/{clip.pk}", f"/sessions/{clip.original_file.shoot_id}"):
            page.goto(address)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            expect(page.get_by_text("Bin", exact=True)).to_have_count(0)
        assert page.goto("/bin").status == 403
        page.goto("about:blank")
