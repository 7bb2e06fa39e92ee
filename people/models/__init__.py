"""Rows of members, invites, tokens and the audit trail, and of people."""

from people.models.audit import Action, AuditEntry
from people.models.member import Invite, LastAdminError, Member, Role
from people.models.merge import Merge
from people.models.person import Person, PersonAlias
from people.models.second_factor import RecoveryCode, SecondFactor, opens
from people.models.setting import SiteSetting
from people.models.token import ApiToken, Scope

__all__ = [
    "Action",
    "ApiToken",
    "AuditEntry",
    "Invite",
    "LastAdminError",
    "Member",
    "Merge",
    "Person",
    "PersonAlias",
    "RecoveryCode",
    "Role",
    "Scope",
    "SecondFactor",
    "SiteSetting",
    "opens",
]
