"""Lets a person grant access to their Drive: the OAuth 2.0 code flow with state and PKCE (RFC 6749, 7636).

It results in a refresh token, which is as good as the account. It is sealed with a key that comes from SECRET_KEY, so
that a copy of the database alone reveals nothing. Google's library is imported where it is used, because it takes 30 MB
of every process.
"""

import base64
import hashlib
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from clips.archive.backend import ArchiveBlockedError, ArchiveError, BlockReason
from clips.models import DriveGrant
from people import sealed
from people.audit import Action, note
from people.models import Member
from people.site_settings.registry import (
    DRIVE_DROP_FOLDER_ID,
    DRIVE_FOLDER_ID,
    DRIVE_OAUTH_CLIENT_ID,
    DRIVE_OAUTH_CLIENT_SECRET,
)

if TYPE_CHECKING:
    from google.oauth2.credentials import Credentials

PURPOSE = "drive grant"
#: Only what the app itself made; enough where it makes its own folder, and Google asks for no review.
OWN_FILES = "https://www.googleapis.com/auth/drive.file"
#: Everything that the account may: needed for a folder that a person made.
WHOLE_DRIVE = "https://www.googleapis.com/auth/drive"

#: Google's words for why it gives no access (RFC 6749, and Google's own), and what helps.
WHAT_TO_DO = {
    "access_denied": _lazy("You didn’t allow access, or aren’t a test user of the app. Start again and allow it."),
    "invalid_client": _lazy("Google doesn’t know this OAuth client or its secret. Paste a newly downloaded file."),
    "deleted_client": _lazy("This OAuth client was deleted at Google. Create another one and paste its file."),
    "unauthorized_client": _lazy("This OAuth client may not do this. Create one of type Web application."),
    "redirect_uri_mismatch": _lazy("The redirect address isn’t in the OAuth client. Copy it there and wait a minute."),
    "invalid_request": _lazy("Google didn’t accept the request. Compare the redirect address in the OAuth client."),
    "admin_policy_enforced": _lazy("Your Google Workspace blocks this app. Ask its admin, or use another account."),
    "org_internal": _lazy("The app is for members of its own organisation only. Set its audience to External."),
    "invalid_scope": _lazy("The Google Drive API is off for this project. Enable it in the Google Cloud console."),
    "expired_token": _lazy("The code was valid for half an hour. Get another one."),
    "server_error": _lazy("Google has a problem. Try again in a minute."),
    "temporarily_unavailable": _lazy("Google has a problem. Try again in a minute."),
}


class GrantError(Exception):
    """The account could not be connected. The text is one sentence."""


def is_set_up() -> bool:
    return bool(DRIVE_OAUTH_CLIENT_ID.value() and DRIVE_OAUTH_CLIENT_SECRET.value())


def scope() -> str:
    """Return the scope to request: a folder made by a person is invisible with access to own files only."""
    return WHOLE_DRIVE if DRIVE_FOLDER_ID.value() or DRIVE_DROP_FOLDER_ID.value() else OWN_FILES


def begin(redirect_uri: str, wanted: str = "") -> tuple[str, dict[str, str]]:
    """Return the address of Google's consent page, and what the browser's session must keep until the answer.

    ``wanted`` is a wider scope than the settings need.
    """
    kept = {"state": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(64), "scope": wanted or scope()}
    digest = hashlib.sha256(kept["verifier"].encode()).digest()
    asked = {
        "client_id": DRIVE_OAUTH_CLIENT_ID.value(),
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": kept["scope"],
        "state": kept["state"],
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        # Without these two Google gives a refresh token the first time only, or none.
        "access_type": "offline",
        "prompt": "consent",
    }
    return f"{settings.DRIVE_CONSENT_URL}?{urlencode(asked)}", kept


def complete(answer: dict[str, str], kept: dict[str, str] | None, redirect_uri: str, member: Member) -> DriveGrant:
    """Exchange the code of Google's answer for a token, and store that.

    Raises
    ------
    GrantError
        If the person refused, this is not the answer to our question, or Google does not give what was asked for.
    """
    # As bytes: of text that is not ASCII this comparison raises.
    if not kept or not secrets.compare_digest(answer.get("state", "").encode(), kept["state"].encode()):
        raise GrantError(_("This answer does not match a request from this browser. Start again."))
    if "code" not in answer:
        raise GrantError(_said(answer.get("error", "no code"), _("Google says: %(why)s. Nothing was changed.")))
    return _store(_exchange(answer["code"], kept["verifier"], redirect_uri), kept["scope"], member)


def _store(told: dict, wanted: str, member: Member) -> DriveGrant:
    if "refresh_token" not in told:
        raise GrantError(_("Google gave no lasting access. Remove the app at myaccount.google.com and start again."))
    if wanted not in told.get("scope", "").split():
        raise GrantError(_("The box for access to Google Drive was not ticked. Start again and tick it."))
    token = seal(told["refresh_token"])
    given = DriveGrant(account=_account_of(token), sealed_token=token, scope=told["scope"][:300], granted_by=member)
    with transaction.atomic():
        given.save(force_insert=True)
        note(Action.CONNECTED, given, actor=member)
    return given


def begin_device() -> dict[str, str]:
    """Ask Google for a code that a person enters on a page of Google's, with any browser (RFC 8628).

    For a site that Google sends no browser back to. It gives access to what the site makes itself and to no more, and
    wants an OAuth client of type "TVs and Limited Input devices". GrantError where Google gives none.
    """
    asked = {"client_id": DRIVE_OAUTH_CLIENT_ID.value(), "scope": OWN_FILES}
    told = _granted(*_post(settings.DRIVE_DEVICE_URL, asked))
    return {"device": told["device_code"], "code": told["user_code"], "address": told["verification_url"]}


def complete_device(kept: dict[str, str] | None, member: Member) -> DriveGrant | None:
    """Store the access that a person granted with a code; None if it was not entered yet, else as ``complete``."""
    if not kept:
        raise GrantError(_("This answer does not match a request from this browser. Start again."))
    asked = _client() | {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": kept["device"],
    }
    status, told = _post(settings.DRIVE_TOKEN_URL, asked)
    if told.get("error") in {"authorization_pending", "slow_down"}:
        return None
    return _store(_granted(status, told), OWN_FILES, member)


def credentials(sealed_token: str) -> "Credentials":
    """Return the credentials for Drive; ArchiveBlockedError if the token cannot be opened or used."""
    if not is_set_up():
        says = (
            "The OAuth client is not set, so the connected account cannot be used. Connect it on the page Google Drive."
        )
        raise ArchiveBlockedError(BlockReason.SETTINGS, says)
    from google.oauth2.credentials import Credentials

    return Credentials(
        token=None,
        refresh_token=unseal(sealed_token),
        token_uri=settings.DRIVE_TOKEN_URL,
        client_id=DRIVE_OAUTH_CLIENT_ID.value(),
        client_secret=DRIVE_OAUTH_CLIENT_SECRET.value(),
    )


def seal(token: str) -> str:
    return sealed.seal(token, PURPOSE)


def unseal(sealed_token: str) -> str:
    try:
        return sealed.unseal(sealed_token, PURPOSE)
    except sealed.SealedError as error:
        says = "SECRET_KEY has changed, so the account cannot be used. Connect it again on the page Google Drive."
        raise ArchiveBlockedError(BlockReason.CREDENTIALS, says) from error


def _client() -> dict[str, str]:
    return {"client_id": DRIVE_OAUTH_CLIENT_ID.value(), "client_secret": DRIVE_OAUTH_CLIENT_SECRET.value()}


def _exchange(code: str, verifier: str, redirect_uri: str) -> dict:
    asked = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, "redirect_uri": redirect_uri}
    return _granted(*_post(settings.DRIVE_TOKEN_URL, asked | _client()))


def _post(address: str, asked: dict[str, str]) -> tuple[int, dict]:
    from clips.archive.drive.http import DriveHttp

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        response, content = DriveHttp().request(address, method="POST", body=urlencode(asked), headers=headers)
        return response.status, json.loads(content)
    except (OSError, ValueError) as error:
        raise GrantError(_("Google cannot be reached now. Try again in a minute.")) from error


def _granted(status: int, told: dict) -> dict:
    if status != 200:
        error, why = str(told.get("error", status)), str(told.get("error_description", ""))
        raise GrantError(_said(error, _("Google refused: %(why)s. Start again."), why))
    return told


def _said(error: str, otherwise: str, why: str = "") -> str:
    """Return what to do about an error of Google's; a word that we do not know is passed on."""
    why = why[:120].rstrip(".") or error[:80]
    advice = WHAT_TO_DO.get(error)
    return f"{advice} ({why})" if advice else otherwise % {"why": why}


def revoke(sealed_token: str) -> None:
    """Give access back to Google. Best effort: the token is forgotten here anyway."""
    from clips.archive.drive.http import DriveHttp

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with suppress(OSError, ArchiveError):
        body = urlencode({"token": unseal(sealed_token)})
        DriveHttp().request(settings.DRIVE_REVOKE_URL, method="POST", body=body, headers=headers)


def _account_of(sealed_token: str) -> str:
    from google.auth.exceptions import GoogleAuthError

    from clips.archive.drive.http import authorised, drive_service

    about = drive_service(settings.DRIVE_API_URL).about()
    try:
        told = about.get(fields="user(emailAddress)").execute(http=authorised(credentials(sealed_token)))
    except (OSError, GoogleAuthError, ArchiveError) as error:
        raise GrantError(_("Google gave access, but Drive does not answer yet. Try again in a minute.")) from error
    return told["user"]["emailAddress"]
