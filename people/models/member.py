"""Members, their roles, and the links that let them in."""

import hashlib
import secrets
import uuid
from datetime import timedelta

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from people.site_settings.registry import INVITE_DAYS


class LastAdminError(Exception):
    """There would be no admin left. The text is one sentence."""


def hash_secret(secret: str) -> str:
    """Return the stored hash of a link or token. They are 256 random bits, so one plain SHA-256 is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Role(models.TextChoices):
    """The rights of a member; each role includes those before it."""

    VIEWER = "VIEWER", _("Viewer: watch and download")
    SORTER = "SORTER", _("Sorter: upload and sort")
    CURATOR = "CURATOR", _("Curator: edit people, tricks and clips")
    ADMIN = "ADMIN", _("Admin: manage members and everything else")

    def includes(self, other: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(Role(other))


class MemberManager(BaseUserManager):
    def create_user(self, username: str, password: str | None = None, role: Role = Role.SORTER, **fields) -> "Member":
        member = self.model(username=self.model.normalize_username(username), role=role, **fields)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, username: str, password: str | None = None, **fields) -> "Member":
        return self.create_user(username, password, role=Role.ADMIN, **fields)

    def get_by_natural_key(self, username: str) -> "Member":
        """Find a member by username without regard to case; phones capitalise the first letter."""
        return self.get(username__iexact=username)


class Member(AbstractBaseUser):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(_("username"), max_length=40, unique=True)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.SORTER)
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Inactive members can't log in. Everything they did is kept.")
    )
    is_on_board = models.BooleanField(
        _("on the leaderboard"), default=False, help_text=_("Others see how many moments they sorted.")
    )
    #: Of the pages, as one of settings.LANGUAGES; empty as the browser asks.
    #: Who they are in the clips; a rider without a login is linked to nobody.
    rider = models.OneToOneField(
        "people.Person", on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="member",
        verbose_name=_("rider"),
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=10, blank=True, default="", editable=False)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)
    #: Part of what every login of this member must match; another value ends them all.
    login_mark = models.UUIDField(default=uuid.uuid4, editable=False)

    #: Set on the member of a request by a token: no more than this role, whatever the member's own.
    at_most: Role | None = None

    objects = MemberManager()

    USERNAME_FIELD = "username"

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = [Lower("username")]
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="member_name_unique",
                violation_error_message=_("This username is taken."),
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="member_role_known"),
        ]

    def __str__(self) -> str:
        return self.username

    def may(self, role: Role) -> bool:
        within_scope = self.at_most is None or self.at_most.includes(role)
        return self.is_active and within_scope and Role(self.role).includes(role)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return the hash that Django keeps in each session and compares at each request."""
        salt = "people.models.Member.get_session_auth_hash"
        return salted_hmac(salt, f"{self.login_mark}{self.password}", secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        """Return whether Django's admin lets the member in."""
        return self.may(Role.CURATOR)

    def has_perm(self, perm: str, obj: object = None) -> bool:
        """Grant curators everything in Django's admin but members and their keys."""
        if self.may(Role.ADMIN):
            return True
        app_label, codename = perm.split(".", 1)
        about_members = codename.endswith(("_member", "_invite", "_apitoken", "_auditentry"))
        return self.may(Role.CURATOR) and app_label in {"people", "tricks", "clips"} and not about_members

    def has_module_perms(self, app_label: str) -> bool:
        return self.may(Role.ADMIN) or (self.may(Role.CURATOR) and app_label in {"people", "tricks", "clips"})

    def end_logins(self) -> None:
        """Log the member out everywhere. A view that continues calls ``update_session_auth_hash`` for its own login."""
        self.login_mark = uuid.uuid4()
        Member.objects.filter(pk=self.pk).update(login_mark=self.login_mark)

    @property
    def has_second_factor(self) -> bool:
        return Member.objects.filter(pk=self.pk, second_factor__confirmed_at__isnull=False).exists()

    @transaction.atomic
    def remove(self) -> None:
        """Lock the member out everywhere at once; their name stays on what they did. LastAdminError for the last."""
        self.check_not_last_admin()
        Member.objects.filter(pk=self.pk).update(is_active=False)
        self.end_logins()
        self.tokens.all().delete()
        self.reset_links.all().delete()
        self._end_own_links()

    def let_back_in(self) -> bool:
        """Undo ``remove``, except for the tokens and links that it ended; False if they were not removed, or erased."""
        removed = Member.objects.filter(pk=self.pk, is_active=False, erased_at=None)
        return bool(removed.update(is_active=True))

    def forget_name(self) -> None:
        """Replace name and password of a removed member for good; see ``people.leaving``."""
        self.username = f"former member {self.pk.hex[:8]}"
        self.set_unusable_password()
        fields = {"username": self.username, "password": self.password, "is_on_board": False, "last_login": None}
        fields |= {"language": "", "rider": None}
        Member.objects.filter(pk=self.pk).update(erased_at=timezone.now(), **fields)

    def show_on_board(self, shown: bool) -> None:
        """Show or hide the member on the leaderboard."""
        Member.objects.filter(pk=self.pk).update(is_on_board=shown)
        self.is_on_board = shown

    @transaction.atomic
    def ride_as(self, person: models.Model) -> None:
        """Link the member to a rider, who belongs to no other member then."""
        Member.objects.filter(rider=person).exclude(pk=self.pk).update(rider=None)
        Member.objects.filter(pk=self.pk).update(rider=person)

    def choose_language(self, code: str) -> None:
        """Set the language of the member's pages; empty for the one of the browser."""
        Member.objects.filter(pk=self.pk).update(language=code)
        self.language = code

    @transaction.atomic
    def give_role(self, role: Role) -> None:
        """Change the member's role and end their logins. LastAdminError if no admin would be left."""
        if role != Role.ADMIN:
            self.check_not_last_admin()
            self._end_own_links()
        Member.objects.filter(pk=self.pk).update(role=role)
        self.end_logins()

    def check_not_last_admin(self) -> None:
        """Raise LastAdminError if there is no other admin. Call it in the transaction of the change: its lock makes two
        admins who remove each other take turns.
        """
        admins = Member.objects.select_for_update().filter(role=Role.ADMIN, is_active=True).order_by("pk")
        if [admin.pk for admin in admins] == [self.pk]:
            raise LastAdminError(_("%(name)s is the only admin. Make someone else an admin first.") % {"name": self})

    def _end_own_links(self) -> None:
        """End the member's unused links, which would outlive their rights and could give them back."""
        Invite.objects.filter(created_by=self, used_at=None).delete()


class InviteQuerySet(models.QuerySet):
    def usable(self) -> "InviteQuerySet":
        return self.filter(used_at=None, expires_at__gt=timezone.now())

    def with_secret(self, secret: str) -> "InviteQuerySet":
        return self.filter(secret_hash=hash_secret(secret))

    def issue(self, *, role: Role, created_by: Member | None, member: Member | None = None) -> tuple["Invite", str]:
        """Create a link's row and its secret, which is stored nowhere."""
        secret = secrets.token_urlsafe(32)
        invite = self.create(
            secret_hash=hash_secret(secret),
            role=role,
            member=member,
            created_by=created_by,
            expires_at=timezone.now() + timedelta(days=INVITE_DAYS.value()),
        )
        return invite, secret


class Invite(models.Model):
    """A single-use, expiring link: to join with a role or, if it names a member, to set a new password."""

    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.SORTER)
    member = models.ForeignKey(
        Member, on_delete=models.CASCADE, null=True, blank=True, related_name="reset_links",
        verbose_name=_("new password for"),
    )  # fmt: skip
    created_by = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True, editable=False)

    objects = InviteQuerySet.as_manager()

    class Meta:
        verbose_name = _("invite link")
        verbose_name_plural = _("invite links")
        ordering = ["-created_at"]
        constraints = [models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invite_role_known")]

    def __str__(self) -> str:
        return str(_("for %(who)s") % {"who": self.member or self.get_role_display()})

    def use(self) -> bool:
        """Use up the link; False if somebody was faster or it has expired."""
        return bool(Invite.objects.usable().filter(pk=self.pk).update(used_at=timezone.now()))
