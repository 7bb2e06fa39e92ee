"""The Google account that the archive uses: which it is, who decides that, and how it is connected and disconnected."""

from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.db import transaction

from clips.archive import configured
from clips.archive.drive import key_file, oauth
from clips.models import DriveGrant
from people.audit import Action, note
from people.models import Member
from people.site_settings.changing import set_values
from people.site_settings.registry import (
    ARCHIVE_BACKEND,
    DRIVE_FOLDER_ID,
    DRIVE_OAUTH_CLIENT_ID,
    DRIVE_OAUTH_CLIENT_SECRET,
    DRIVE_SERVICE_ACCOUNT_KEY,
)


class AccountKind(Enum):
    SERVICE = "service"
    PERSON = "person"


@dataclass(frozen=True)
class Account:
    kind: AccountKind
    #: Empty where only the key file on the server knows it.
    email: str
    #: Whether the environment names it, so that nobody changes it in the site.
    is_fixed: bool
    #: Whether it sees folders that the site did not make.
    sees_all: bool


def account() -> Account | None:
    """Return the account that is used now; None if none is connected. Asks nobody."""
    if settings.DRIVE_SERVICE_ACCOUNT_FILE:
        return Account(AccountKind.SERVICE, "", is_fixed=True, sees_all=True)
    if key := DRIVE_SERVICE_ACCOUNT_KEY.value():
        try:
            email = key_file.email_of(key)
        except (ValueError, AttributeError):  # the environment's, which nobody read before
            email = ""
        return Account(AccountKind.SERVICE, email, DRIVE_SERVICE_ACCOUNT_KEY.is_from_environment, sees_all=True)
    given = DriveGrant.objects.first()
    if given is None or not oauth.is_set_up():
        return None
    return Account(AccountKind.PERSON, given.account, is_fixed=False, sees_all=oauth.WHOLE_DRIVE in given.scope.split())


def keep_client(client: key_file.OAuthClient, member: Member) -> None:
    """Keep an OAuth client, with which a person's account is connected next."""
    set_values({DRIVE_OAUTH_CLIENT_ID: client.client_id, DRIVE_OAUTH_CLIENT_SECRET: client.secret}, member)


def connect_service(found: key_file.ServiceAccount, member: Member) -> str:
    """Use a service account from now on, if Google accepts its key; return its address. ArchiveError otherwise."""
    email = configured.drive_at("", configured.of_key(found.key)).owner()
    set_values({DRIVE_SERVICE_ACCOUNT_KEY: found.key}, member)
    return email


def connect_person(
    answer: dict[str, str], kept: dict[str, str] | None, redirect_uri: str, member: Member
) -> DriveGrant:
    """Use the account of Google's answer from now on; GrantError if it gives no access."""
    given = oauth.complete(answer, kept, redirect_uri, member)
    _use_person(member)
    return given


def connect_by_code(kept: dict[str, str] | None, member: Member) -> DriveGrant | None:
    """Use the account in which a code was entered; None if none was yet, GrantError if it gives no access."""
    given = oauth.complete_device(kept, member)
    if given:
        _use_person(member)
    return given


def _use_person(member: Member) -> None:
    if not DRIVE_SERVICE_ACCOUNT_KEY.is_from_environment:
        set_values({DRIVE_SERVICE_ACCOUNT_KEY: None}, member)


@transaction.atomic
def disconnect(member: Member) -> None:
    """Forget account and folder; new clips are archived on the server, unless the environment says otherwise.

    Copies on Drive stay. What the environment names stays too.
    """
    for given in DriveGrant.objects.all():
        note(Action.DISCONNECTED, given, actor=member)
        transaction.on_commit(lambda token=given.sealed_token: oauth.revoke(token))
    DriveGrant.objects.all().delete()
    ours = [DRIVE_SERVICE_ACCOUNT_KEY, DRIVE_FOLDER_ID, ARCHIVE_BACKEND]
    set_values({setting: None for setting in ours if not setting.is_from_environment}, member)
