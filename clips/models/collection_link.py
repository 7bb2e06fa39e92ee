"""Links that show several clips to people without an account: an edit, a session, or clips that were selected."""

import secrets
import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clips.models.reel import Reel
from clips.models.shoot import Shoot
from people.models.member import Member, hash_secret
from people.naming.fields import NameField

#: Tells its secrets from those of links to one clip, which never have it. Both stand behind "/s/" in addresses, where
#: proxies let everybody in and logs leave them out.
MARK = "~"
#: Selected clips of one link.
MAX_LINEAGES = 1000


class GuestComments(models.TextChoices):
    """What guests may say on the page of a link, and who sees it."""

    OFF = "OFF", _("No comments")
    WAIT = "WAIT", _("Comments wait for your OK")
    AT_ONCE = "AT_ONCE", _("Comments show at once")


class CollectionLinkQuerySet(models.QuerySet["CollectionLink"]):
    def open(self) -> "CollectionLinkQuerySet":
        """Return links that still work."""
        return self.in_time().filter(reel__bin_entry=None, shoot__bin_entry=None)

    def in_time(self) -> "CollectionLinkQuerySet":
        """Return links that neither expired nor were revoked, whatever became of what they show."""
        return self.filter(Q(ends_at=None) | Q(ends_at__gt=timezone.now()), ended_at=None)

    def issue(
        self, *, member: Member, ends_at: datetime | None = None, password: str = "", **shows: object
    ) -> tuple["CollectionLink", str]:
        """Make a link; return it and its secret, which is shown once and kept only as a hash."""
        secret = MARK + secrets.token_urlsafe(24)
        hashed = make_password(password) if password else ""
        link = self.create(
            created_by=member, ends_at=ends_at, password=hashed, secret_hash=hash_secret(secret), **shows
        )  # fmt: skip
        return link, secret

    def of_secret(self, secret: str) -> "CollectionLink | None":
        """Return the link of a secret; None if it never existed, has expired, or what it shows is in the bin."""
        return self.open().filter(secret_hash=hash_secret(secret)).select_related("reel", "shoot").first()

    def is_binned(self, secret: str) -> bool:
        """Return whether the link of a secret shows something that was thrown away."""
        binned = Q(reel__bin_entry__isnull=False) | Q(shoot__bin_entry__isnull=False)
        return self.in_time().filter(binned, secret_hash=hash_secret(secret)).exists()


class CollectionLink(models.Model):
    """Shows an edit, a session or some clips to whoever has the link, as they are when somebody looks."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reel = models.ForeignKey(
        Reel, on_delete=models.CASCADE, null=True, blank=True, related_name="links", verbose_name=_("edit")
    )
    shoot = models.ForeignKey(
        Shoot, on_delete=models.CASCADE, null=True, blank=True, related_name="links", verbose_name=_("session")
    )
    #: Of selected clips, in their order: a new version takes the place of the one before.
    lineages = ArrayField(models.UUIDField(), default=list, blank=True, editable=False)
    title = NameField(_("title"), max_length=80, blank=True)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    password = models.CharField(_("password"), max_length=128, blank=True, editable=False)
    may_download = models.BooleanField(_("may download"), default=True)
    guest_comments = models.CharField(
        _("guests"), max_length=7, choices=GuestComments, default=GuestComments.OFF, db_default=GuestComments.OFF
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="collection_links",
        verbose_name=_("created by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    ends_at = models.DateTimeField(_("expires"), null=True, blank=True)
    ended_at = models.DateTimeField(_("revoked"), null=True, blank=True, help_text=_("Set when it was revoked."))
    n_views = models.PositiveIntegerField(_("views"), default=0, help_text=_("How often its page was opened."))

    objects = CollectionLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("share link of several clips")
        verbose_name_plural = _("share links of several clips")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reel__isnull=False, shoot=None, lineages=[])
                | Q(reel=None, shoot__isnull=False, lineages=[])
                | Q(reel=None, shoot=None) & ~Q(lineages=[]),
                name="collection_link_shows_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(guest_comments__in=GuestComments.values), name="collection_link_guest_comments_known"
            ),
        ]

    def __str__(self) -> str:
        return self.shown_title

    @property
    def shown_title(self) -> str:
        """Title of its page: its own, or that of what it shows."""
        if self.title or self.reel:
            return str(self.title or self.reel)
        if self.shoot:
            return str(self.shoot.name)
        n = len(self.lineages)
        return ngettext("%(n)d clip", "%(n)d clips", n) % {"n": n}

    @property
    def lets_guests_talk(self) -> bool:
        """Return whether its page shows comments and reactions, and takes those of guests."""
        return bool(self.guest_comments != GuestComments.OFF)

    @property
    def has_password(self) -> bool:
        return bool(self.password)

    def opens_with(self, password: str) -> bool:
        """Return whether this is its password."""
        return check_password(password, self.password)

    def end(self) -> bool:
        """Revoke the link; False if it had ended already."""
        return bool(CollectionLink.objects.in_time().filter(pk=self.pk).update(ended_at=timezone.now()))

    def count_view(self) -> None:
        """Count that its page was opened; who did is noted nowhere."""
        CollectionLink.objects.filter(pk=self.pk).update(n_views=F("n_views") + 1)
