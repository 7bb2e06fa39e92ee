"""Lists the pages that a member sees, for tests that hold for all of them."""

from playwright.sync_api import Page

#: What a page that lists many has for each of them; the first one's own page is visited too.
WITH_ROWS = {
    "/manage/riders": "a[href^='/manage/riders/']",
    "/manage/tricks": "a[href^='/manage/tricks/']",
    "/seasons": "a[href^='/riders/']",
    "/sessions": "a[href^='/sessions/']",
    "/clips": "a[href^='/clips/']",
}
ALONE = (
    "/",
    "/sort",
    "/clips?view=list",
    "/clips?q=nobody",
    "/library/download",
    "/export/mine",
    "/export/crew",
    "/jobs",
    "/bin",
    "/edits",
    "/links",
    "/comments",
    "/upload",
    "/upload/receipts",
    "/me",
    "/account",
    "/account/second-factor",
    "/manage",
    "/manage/members",
    "/manage/tricks?q=bord",
    "/manage/cameras",
    "/manage/storage",
    "/manage/learned",
    "/manage/notices",
    "/manage/audit-trail",
    "/jobs/audit",
    "/manage/cameras/clock?camera_id=CAM_GOPRO11&shown=2024-12-01T10:00&true=2024-12-01T11:00",
    "/manage/settings",
    "/manage/drive",
    "/api/docs",
)


def addresses(page: Page) -> list[str]:
    """Return the address of every page; ``page`` is logged in, and at least one session and one clip are there."""
    found = [*ALONE, *WITH_ROWS]
    for listed, link in WITH_ROWS.items():
        page.goto(listed)
        found.append(page.locator(link).first.get_attribute("href").partition("?")[0])
    return [*found, f"{found[-1]}/edit"]
