"""Notification channels, and an outbox of notices written together with their cause."""

import uuid
from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.leases import Leased, LeasedQuerySet, lent
from people import sealed
from people.naming.fields import NameField

MAX_ATTEMPTS = 12
#: The wait after the first try that failed; each later one doubles it, up to the longest. Together more than a day.
BACK_OFF, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=6)
#: Far above the time limits of one try; whoever was silent for longer died in its middle.
LEASE_S = 5 * 60
PURPOSE = "notice channel"


class NoticeKind(models.TextChoices):
    READY = "READY", _("a session is ready to sort")
    SORTED = "SORTED", _("a session is sorted and its edit is ready")
    CARD = "CARD", _("a card is safe to format, or is not")
    BLOCKED = "BLOCKED", _("something needs attention")
    DAILY = "DAILY", _("daily summary")
    TALK = "TALK", _("comments and reactions, once a day")


class ChannelKind(models.TextChoices):
    DISCORD = "DISCORD", _("Discord webhook")
    SLACK = "SLACK", _("Slack webhook")
    WEBHOOK = "WEBHOOK", _("webhook with signed JSON")
    EMAIL = "EMAIL", _("e-mail")


class NoticeState(models.TextChoices):
    WAITING = "WAITING", _("waiting")
    SENDING = "SENDING", _("being sent")
    SENT = "SENT", _("sent")
    UNKNOWN = "UNKNOWN", _("sent, no answer")
    FAILED = "FAILED", _("failed")


def all_kinds() -> list[str]:
    return list(NoticeKind.values)


class NoticeChannel(models.Model):
    """An address for notices. It is a secret: whoever knows a webhook's address can post there."""

    name = NameField(_("name"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=ChannelKind)
    sealed_target = models.TextField(editable=False)
    sealed_secret = models.TextField(editable=False, blank=True)
    shown_target = models.CharField(_("recipient"), max_length=100, editable=False)
    wants = ArrayField(
        models.CharField(max_length=10, choices=NoticeKind), verbose_name=_("notices"), default=all_kinds
    )
    is_on = models.BooleanField(_("on"), default=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("notice channel")
        verbose_name_plural = _("notice channels")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ChannelKind.values), name="notice_channel_kind_known"),
        ]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def target(self) -> str:
        """The webhook's address, or e-mail addresses separated by commas; SealedError after a new SECRET_KEY."""
        return sealed.unseal(self.sealed_target, PURPOSE)

    @property
    def secret(self) -> str:
        return sealed.unseal(self.sealed_secret, PURPOSE) if self.sealed_secret else ""


class NoticeQuerySet(LeasedQuerySet["Notice"]):
    LEASED = {"state": NoticeState.SENDING}

    def write(
        self, kind: NoticeKind, subject: str, *, title: str, text: str, path: str = "", at: datetime | None = None
    ) -> int:
        """Write a notice for each channel that wants it, unless it got one about this subject.

        What happened ``at`` a time before a channel was added is no news to it. Returns how many are new.
        """
        channels = NoticeChannel.objects.filter(is_on=True, wants__contains=[kind])
        if at:
            channels = channels.filter(created_at__lt=at)
        what = {"kind": kind, "subject": subject[:200], "title": title[:200], "text": text[:1500], "path": path}
        before = self.filter(kind=kind, subject=what["subject"]).count()
        self.bulk_create([Notice(channel=channel, **what) for channel in channels], ignore_conflicts=True)
        return self.filter(kind=kind, subject=what["subject"]).count() - before

    def due(self) -> "NoticeQuerySet":
        return self.filter(state=NoticeState.WAITING, run_after__lte=timezone.now(), channel__is_on=True)

    def claim(self, notice_id: uuid.UUID) -> "Notice | None":
        """Claim a due notice; None if somebody else has it."""
        token = uuid.uuid4()
        fields = lent(token, LEASE_S) | {"attempts": F("attempts") + 1}
        due = Notice.objects.filter(pk=notice_id, state=NoticeState.WAITING, run_after__lte=timezone.now())
        if not due.update(state=NoticeState.SENDING, **fields):
            return None
        return self.select_related("channel").get(pk=notice_id)

    def expired(self) -> "NoticeQuerySet":
        """Return notices whose sender died midway: they may have arrived or not."""
        return self.lease_ran_out().select_related("channel")


class Notice(Leased):
    """One notice for one channel. The receiver can recognise a second delivery by its id."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=NoticeKind)
    #: What it is about, so exactly that nobody is told twice.
    subject = models.CharField(_("about"), max_length=200)
    channel = models.ForeignKey(
        NoticeChannel, on_delete=models.CASCADE, related_name="notices", verbose_name=_("channel")
    )
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"), blank=True)
    path = models.CharField(_("link"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=NoticeState, default=NoticeState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    run_after = models.DateTimeField(_("not before"), default=timezone.now)
    reason = models.CharField(_("answer"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject", "channel"], name="notice_told_once"),
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"),
            models.CheckConstraint(condition=Q(state__in=NoticeState.values), name="notice_state_known"),
            models.CheckConstraint(
                condition=Q(state=NoticeState.SENDING, lease_token__isnull=False, lease_ends_at__isnull=False)
                | ~Q(state=NoticeState.SENDING) & Q(lease_token=None, lease_ends_at=None),
                name="notice_lease_fields_together",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "run_after"],
                condition=Q(state__in=[NoticeState.WAITING, NoticeState.SENDING]),
                name="notice_active",
            ),
            models.Index(fields=["-created_at"], name="notice_newest"),
        ]

    def __str__(self) -> str:
        return self.title

    def end(self, state: NoticeState, reason: str = "") -> bool:
        """Save the result; False if it is not ours any more."""
        return self._leave(state=state, reason=reason[:300], ended_at=timezone.now())

    def try_again(self, reason: str, *, after_s: float = 0) -> bool:
        """Schedule a retry, not before ``after_s``; False if that was its last attempt, or it is not ours."""
        if self.attempts >= MAX_ATTEMPTS:
            return False
        wait = min(LONGEST_WAIT, BACK_OFF * 2 ** (self.attempts - 1))
        return self._leave(
            state=NoticeState.WAITING, reason=reason[:300], run_after=self._later(max(wait, timedelta(seconds=after_s)))
        )

    def _later(self, wait: timedelta) -> datetime:
        return timezone.now() + wait

    def _leave(self, **fields: object) -> bool:
        held = Notice.objects.leased_by(self.lease_token).filter(pk=self.pk)
        return bool(held.update(**Notice.objects.unleased(), **fields))
