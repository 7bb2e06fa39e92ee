"""Tests that Google Drive is connected in a browser alone, with both kinds of account and no file on the server."""

import json
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect, sync_playwright

from clips.archive import configured
from clips.models import ArchiveBlock, BlockReason
from clips.tests.archive.drive_accounts import CLIENT, PERSON_EMAIL, SERVICE_EMAIL
from clips.tests.archive.drive_server import DriveServer
from clips.tests.archive.drive_store import FOLDER_TYPE
from clips.tests.browser import LEFT, QUIET, log_in
from conftest import PASSWORD

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def google(drive, settings):
    settings.DRIVE_API_URL, settings.DRIVE_TOKEN_URL = drive.url, drive.token_url
    settings.DRIVE_CONSENT_URL, settings.DRIVE_REVOKE_URL = drive.consent_url, drive.revoke_url
    settings.DRIVE_BACK_OFF_SECONDS = 0.002
    configured.of_key.cache_clear()
    configured._of_grant.cache_clear()
    drive.store.search_lag_s = 0
    return drive


@pytest.fixture
def page(chromium, google, live_server, admin) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        size = {"width": 390, "height": 844}
        page = browser.new_context(base_url=live_server.url, viewport=size, service_workers="block").new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                message.type == "error" and not LEFT.match(message.text) and complaints.append(message.text)
            ),
        )
        log_in(page, "ada", PASSWORD)
        page.goto("/manage/drive")
        yield page
        browser.close()
    assert not complaints, complaints


def key(content: dict) -> dict:
    return {"name": "key.json", "mimeType": "application/json", "buffer": json.dumps(content).encode()}


def no_barriers(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_person_connects_their_drive(page, google, live_server):
    page.get_by_label("Or its content").fill(json.dumps({"web": CLIENT}))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#account code").first).to_have_text(f"{live_server.url}/manage/drive/connected")
    no_barriers(page)
    page.get_by_role("link", name="Connect Google Drive").click()
    page.get_by_role("link", name="Allow").click()
    expect(page.locator("#account")).to_contain_text(PERSON_EMAIL)
    page.get_by_label("Name of a new folder").fill("Tricks")
    page.get_by_role("button", name="Make folder").click()
    expect(page.get_by_role("link", name="Open the archive’s folder")).to_be_visible()
    page.get_by_role("button", name="Test", exact=True).click()
    expect(page.locator("#test")).to_contain_text("A small file was written, read back and deleted.")
    no_barriers(page)
    page.get_by_role("button", name="Test and archive on Google Drive").click()
    expect(page.locator("main")).to_contain_text("Clips are archived on Google Drive.")
    page.get_by_text("Disconnect …").click()
    page.get_by_role("button", name="Disconnect").click()
    expect(page.get_by_role("link", name="Connect Google Drive")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Clips are archived on this server.")
    assert not google.accounts.refresh_tokens


def test_a_person_who_cancels_is_told_and_tries_again(page):
    page.get_by_label("Or its content").fill(json.dumps({"web": CLIENT}))
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Connect Google Drive").click()
    page.get_by_role("link", name="Cancel").click()
    expect(page.locator(".message").first).to_contain_text("Start again and allow it.")
    page.get_by_role("link", name="Connect with access to all folders").click()
    page.get_by_role("link", name="Allow").click()
    expect(page.locator("#places")).to_contain_text("Crew")


def drop_key(page: Page, google: DriveServer) -> None:
    page.get_by_label("File", exact=True).set_input_files(key(google.accounts.key(google.token_url)))
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#account")).to_contain_text(SERVICE_EMAIL)


def test_a_service_account_is_connected_by_dropping_its_file(page, google):
    drop_key(page, google)
    page.locator("#places").get_by_label("Name of a new folder").fill("Archive of the crew")
    page.locator("#places").get_by_role("button", name="Make folder").click()
    expect(page.get_by_role("link", name="Open the archive’s folder")).to_be_visible()
    page.get_by_label("Find a folder").fill("archive")
    expect(page.locator("#places button")).to_have_text([re.compile("Archive of the crew")])
    no_barriers(page)
    page.get_by_role("button", name="Test and archive on Google Drive").click()
    expect(page.locator("main")).to_contain_text("Clips are archived on Google Drive.")
    (folder,) = google.store.folders()
    assert google.store.path(folder) == "Crew/Archive of the crew"
    expect(page.get_by_role("link", name="Open the archive’s folder")).to_have_attribute("href", re.compile(folder.id))


@pytest.fixture
def page_with_folders(page, google) -> Page:
    """The page of a service account that sees a shared drive with one folder."""
    google.store.add("one", "Archive of the crew", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    drop_key(page, google)
    expect(page.locator("#places .place-name")).to_have_text(["Crew", "Archive of the crew"])
    return page


@pytest.mark.parametrize("late", [r"/htmx-[^/]*\.js", r"/places(\?q=)?$"], ids=["scripts", "first list"])
def test_a_folder_is_found_by_what_was_typed_before_the_page_was_there(page_with_folders, late):
    """Fails when the first list does not ask for what was typed, or takes the place of the one that does."""
    page, held = page_with_folders, []
    page.route(re.compile(late), lambda route: held.append(route))
    with page.expect_request(re.compile(late)):
        page.reload(wait_until="commit")
    page.get_by_label("Find a folder").fill("archive")
    found = page.locator("#places .place-name")
    if "places" in late:
        expect(found).to_have_text(["Archive of the crew"])
    [route.continue_() for route in held]
    expect(found).to_have_text(["Archive of the crew"])
    page.wait_for_load_state("networkidle")
    expect(found).to_have_text(["Archive of the crew"])


SAYS = "The archive’s folder is in the trash of Google Drive, or deleted. Nothing is sent until you answer."


@pytest.fixture
def question(settings, transactional_db) -> None:
    settings.ARCHIVE_BACKEND = "drive"
    ArchiveBlock.objects.note("drive", reason=BlockReason.TOP_GONE, sentence=SAYS, retry_after_s=None)


def test_a_question_of_the_archive_leads_from_the_jobs_to_its_answer(question, page):
    page.goto("/jobs")
    no_barriers(page)
    page.get_by_role("link", name="Answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The archive needs an answer")
    expect(page.locator("main")).to_contain_text(SAYS)
    expect(page.get_by_role("button", name="Bring back")).to_have_accessible_description(re.compile("Restores what"))
    for width, height in ((390, 664), (844, 390), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        no_barriers(page)
    page.get_by_role("button", name="Leave it").press("Enter")
    expect(page.get_by_text("Archiving resumes.")).to_be_visible()
    expect(page.get_by_role("heading", name="Archive unavailable")).to_have_count(0)
