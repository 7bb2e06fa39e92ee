"""Google's consent page of the test server, for tests with a real browser."""

from html import escape
from urllib.parse import urlencode

from clips.tests.archive.drive_accounts import CLIENT, PERSON_EMAIL, Accounts
from clips.tests.archive.drive_store import DriveError

NEEDED = {"redirect_uri", "scope", "state", "code_challenge"}


def page(accounts: Accounts, asked: dict[str, str]) -> tuple[int, dict, bytes]:
    """Return a page with two links back to the site: one with a code, one with a refusal."""
    if missing := NEEDED - asked.keys():
        raise DriveError(400, "invalid_request", f"Missing: {sorted(missing)}.")
    if asked.get("client_id") != CLIENT["client_id"]:
        raise DriveError(401, "invalid_client", "The OAuth client was not found.")
    code = accounts.consent(asked)
    answers = {"Allow": {"code": code}, "Cancel": {"error": "access_denied"}}
    links = [
        f'<a href="{escape(asked["redirect_uri"])}?{escape(urlencode(more | {"state": asked["state"]}))}">{title}</a>'
        for title, more in answers.items()
    ]
    head = "<link rel=icon href='data:,'><title>Consent</title>"
    body = f"{head}<p>{escape(PERSON_EMAIL)}: {escape(asked['scope'])}</p>{' '.join(links)}"
    return 200, {"Content-Type": "text/html; charset=utf-8"}, body.encode()
