"""Lets a person grant access to their Drive: the OAuth 2.0 code flow with state and PKCE (RFC 6749, 7636).

It results in a refresh token, which is as good as the account. It is sealed with a key that comes from SECRET_KEY, so
that a copy of the database alone reveals nothing. Google's library is imported where it is used, because it takes 30 MB
of every process.
"""

import base64
import hashlib
import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

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


class GrantError(Exception):
    """The account could not be connected. The text is one sentence."""


def is_set_up() -> bool:
    return bool(DRIVE_OAUTH_CLIENT_ID.value() and DRIVE_OAUTH_CLIENT_SECRET.value())


def scope() -> str:
    """Return the scope to request: a folder made by a person is invisible with access to own files only."""
    return WHOLE_DRIVE if DRIVE_FOLDER_ID.value() or DRIVE_DROP_FOLDER_ID.value() else OWN_FILES


def begin(redirect_uri: str) -> tuple[str, dict[str, str]]:
    """Return the address of Google's consent page, and what the browser's session must keep until the answer."""
    kept = {"state": secrets.token_urlsafe(32), "verifier": secrets.token_urlsafe(64)}
    digest = hashlib.sha256(kept["verifier"].encode()).digest()
    asked = {
        "client_id": DRIVE_OAUTH_CLIENT_ID.value(),
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope(),
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
        raise GrantError(_("Google says: %(why)s. Nothing was changed.") % {"why": answer.get("error", "no code")[:80]})
    told = _exchange(answer["code"], kept["verifier"], redirect_uri)
    if "refresh_token" not in told:
        raise GrantError(_("Google gave no lasting access. Remove the app at myaccount.google.com and start again."))
    if scope() not in told.get("scope", "").split():
        raise GrantError(_("The box for access to Google Drive was not ticked. Start again and tick it."))
    token = seal(told["refresh_token"])
    given = DriveGrant(account=_account_of(token), sealed_token=token, scope=told["scope"][:300], granted_by=member)
    with transaction.atomic():
        given.save(force_insert=True)
        note(Action.CONNECTED, given, actor=member)
    return given


def credentials(sealed_token: str) -> "Credentials":
    """Return the credentials for Drive; ArchiveBlockedError if the token cannot be opened or used."""
    if not is_set_up():
        says = (
            "DRIVE_OAUTH_CLIENT_ID and DRIVE_OAUTH_CLIENT_SECRET are not set, so the connected account cannot be used."
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
        says = "SECRET_KEY has changed, so the connected account cannot be used. Connect it again on the admin's page."
        raise ArchiveBlockedError(BlockReason.CREDENTIALS, says) from error


def _exchange(code: str, verifier: str, redirect_uri: str) -> dict:
    from clips.archive.drive.http import DriveHttp

    asked = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": redirect_uri,
        "client_id": DRIVE_OAUTH_CLIENT_ID.value(),
        "client_secret": DRIVE_OAUTH_CLIENT_SECRET.value(),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        response, content = DriveHttp().request(
            settings.DRIVE_TOKEN_URL, method="POST", body=urlencode(asked), headers=headers
        )
        told = json.loads(content)
    except (OSError, ValueError) as error:
        raise GrantError(_("Google cannot be reached now. Try again in a minute.")) from error
    if response.status != 200:
        why = told.get("error_description") or told.get("error", response.status)
        raise GrantError(_("Google refused: %(why)s.") % {"why": str(why)[:120]})
    return told


def _account_of(sealed_token: str) -> str:
    from google.auth.exceptions import GoogleAuthError

    from clips.archive.drive.http import authorised, drive_service

    about = drive_service(settings.DRIVE_API_URL).about()
    try:
        told = about.get(fields="user(emailAddress)").execute(http=authorised(credentials(sealed_token)))
    except (OSError, GoogleAuthError, ArchiveError) as error:
        raise GrantError(_("Google gave access, but Drive does not answer yet. Try again in a minute.")) from error
    return told["user"]["emailAddress"]
