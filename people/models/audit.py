"""The audit trail: who did what to which row, from where. Written once, read in the admin, never changed."""

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    """The recorded actions. The column takes any word, so that a new one needs no migration."""

    LOGGED_IN = "logged_in", _("logged in")
    LOGIN_FAILED = "login_failed", _("failed to log in")
    LOGGED_OUT = "logged_out", _("logged out")
    LOGINS_ENDED = "logins_ended", _("ended all logins")
    PASSWORD_SET = "password_set", _("set a password")
    FACTOR_ON = "factor_on", _("turned the second factor on")
    FACTOR_OFF = "factor_off", _("turned the second factor off")
    FACTOR_RESET = "factor_reset", _("reset a second factor")
    CODES_MADE = "codes_made", _("created recovery codes")
    JOINED = "joined", _("joined")
    ROLE_GIVEN = "role_given", _("set a role")
    REMOVED = "removed", _("removed from the crew")
    LET_BACK_IN = "let_back_in", _("reactivated")
    LINK_MADE = "link_made", _("created a password link")
    TOKEN_MADE = "token_made", _("created an API token")
    TOKEN_REVOKED = "token_revoked", _("revoked an API token")
    ADDED = "added", _("added")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")
    BINNED = "binned", _("moved to the bin")
    RESTORED = "restored", _("restored from the bin")
    EMPTIED = "emptied", _("deleted for good")
    MERGED = "merged", _("merged")
    RETRIED = "retried", _("retried jobs")
    CANCELLED = "cancelled", _("cancelled jobs")
    REDETECTED = "redetected", _("searched footage again")
    SHARED = "shared", _("created a share link")
    UNSHARED = "unshared", _("revoked a share link")
    LET_THROUGH = "let_through", _("let a comment through")
    ERASED = "erased", _("erased a member")
    TAKEN_OUT = "taken_out", _("took a rider out of the library")
    EXPORTED = "exported", _("exported data")
    CONNECTED = "connected", _("connected a Google account")
    DISCONNECTED = "disconnected", _("disconnected a Google account")
    SETTING_CHANGED = "setting_changed", _("changed a setting")
    SETTING_RESET = "setting_reset", _("set a setting back to its default")


class AuditEntryQuerySet(models.QuerySet):
    def forget_actor(self, member: models.Model, name: str) -> None:
        """Replace the name of an erased member, and the addresses they came from."""
        self.filter(actor=member).update(actor_name=name, address=None)

    def forget_target(self, target_type: str, pk: object, name: str) -> None:
        """Replace the name of an erased member or a deleted rider where something was done to their row."""
        self.filter(target_type=target_type, target_id=str(pk)).update(target_name=name, details={})


class AuditEntry(models.Model):
    """One recorded action. Names are copied, so that an entry stays readable after the row is deleted or renamed.

    Members are never deleted, and this row would keep one from being. That nothing is changed or deleted here is held
    by a trigger in the database (people/migrations): an application that was taken over cannot tidy up behind itself,
    short of the owner's rights on the table. It lets one change through: names of erased members and deleted riders go.
    """

    at = models.DateTimeField(_("when"), auto_now_add=True)
    action = models.CharField(_("action"), max_length=30)
    actor = models.ForeignKey("people.Member", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    actor_name = models.CharField(_("who"), max_length=60)
    address = models.GenericIPAddressField(_("from"), null=True)
    target_type = models.CharField(_("target type"), max_length=60)
    target_id = models.CharField(_("target ID"), max_length=60)
    target_name = models.CharField(_("target"), max_length=200)
    details = models.JSONField(_("details"), default=dict, encoder=DjangoJSONEncoder)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit trail")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["-at"], name="audit_newest_first"),
            models.Index(fields=["actor_name"], name="audit_by_name"),
            models.Index(fields=["target_type", "target_id"], name="audit_of_row"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target_name}".strip()

    @property
    def does(self) -> str:
        known = self.action in Action.values
        return Action(self.action).label if known else self.action
