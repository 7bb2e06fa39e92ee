"""API tokens for scripts and upload clients: shown once, stored as a hash, with a scope and an optional expiry."""

import secrets
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from people.models.member import Member, Role, hash_secret
from people.naming.fields import NameField

TOKEN_PREFIX = "tc_"  # noqa: S105  a mark that lets secret scanners recognise a leaked token
#: A token's last use is written at most this often; a client that polls must not cost a write each time.
USE_NOTED_EVERY = timedelta(minutes=1)


class Scope(models.TextChoices):
    """The part of its member's rights that a token has."""

    READ = "READ", _("Read: find, watch and download")
    SORT = "SORT", _("Sort: also upload and sort")
    ADMIN = "ADMIN", _("Full: everything my role allows")

    @property
    def at_most(self) -> Role:
        """The role that bounds the token; its member's own role bounds it as well."""
        return {Scope.READ: Role.VIEWER, Scope.SORT: Role.SORTER, Scope.ADMIN: Role.ADMIN}[self]


class ApiTokenQuerySet(models.QuerySet):
    def issue(
        self, member: Member, name: str, scope: Scope = Scope.SORT, expires_at: datetime | None = None
    ) -> tuple["ApiToken", str]:
        """Create a token's row and its secret, which is shown once and stored nowhere."""
        secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
        fields = {"member": member, "name": name, "scope": scope, "expires_at": expires_at}
        return self.create(secret_hash=hash_secret(secret), **fields), secret

    def working(self) -> "ApiTokenQuerySet":
        in_time = models.Q(expires_at=None) | models.Q(expires_at__gt=timezone.now())
        return self.filter(in_time, member__is_active=True)

    def member_of(self, secret: str) -> Member | None:
        """Return the active member of a token, bound to its scope, and note the use."""
        token = self.working().filter(secret_hash=hash_secret(secret)).select_related("member").first()
        if token is None:
            return None
        now = timezone.now()
        if token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY:
            self.filter(pk=token.pk).update(last_used_at=now)
        token.member.at_most = Scope(token.scope).at_most
        return token.member


class ApiToken(models.Model):
    """A personal key for scripts and upload clients, limited by its scope and by its member's role."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("member"))
    name = NameField(_("purpose"), max_length=60)
    scope = models.CharField(_("access"), max_length=10, choices=Scope, default=Scope.SORT)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=models.Q(scope__in=Scope.values), name="token_scope_known")]

    def __str__(self) -> str:
        return self.name

    @property
    def has_ended(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()
