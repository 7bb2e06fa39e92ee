"""Edits: an ordered list of clips that is played, shared and downloaded as one, and the history of its changes."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, Func, Max, OuterRef, Q
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from clips.models.bin import BinEntry
from clips.models.leases import Leased, LeasedQuerySet, lent
from clips.models.shoot import Shoot
from people.models import Member
from people.naming.fields import NameField, called, key_of

#: In one edit: more than anybody watches, and what one page still shows at once.
MAX_CLIPS = 500
MAX_TITLE = 120
#: Stands where a member's name stands, for what the site does by itself.
SITE = "TrickyClip"
SPEEDS = (100, 50, 25)
#: Places of one clip's crop; nobody drags it more often.
MAX_CROPS = 30
#: An open page renews its lease several times within this time.
EDIT_LEASE_SECONDS = 60


class ReelQuerySet(LeasedQuerySet["Reel"]):
    NO_HOLDER = {"edited_by": None}

    def in_use(self) -> "ReelQuerySet":
        """Return edits that are not in the bin."""
        return self.filter(bin_entry=None)

    def untouched(self) -> "ReelQuerySet":
        """Return edits that were made by themselves and that nobody changed since, not even to undo it."""
        by_itself = {"kind": ReelChangeKind.DRAFT, "member_name": SITE, "member": None, "state": ReelChangeState.DONE}
        by_somebody = ReelChange.objects.filter(reel=OuterRef("pk")).exclude(**by_itself)
        return self.filter(~Exists(by_somebody), is_drafted=True)

    def not_being_edited(self) -> "ReelQuerySet":
        """Return edits that no open page has the right to change."""
        return self.filter(Q(lease_token=None) | self.ran_out())

    def named(self, name: str) -> "ReelQuerySet":
        """Return the edit in use of that name, however it is spelt."""
        return self.in_use().filter(called(name))

    def hold(self) -> list["Reel"]:
        """Lock these edits until the transaction ends, always in one order."""
        return list(self.select_for_update(no_key=True, of=("self",)).order_by("pk"))

    def lend(self, token: uuid.UUID, member: Member, *, from_own_page: bool = False) -> bool:
        """Give an open page the right to change these edits, or renew it; False while another page has it.

        ``from_own_page`` takes it from another page of the same member, who may have closed that long ago.
        """
        free = Q(lease_token=None) | Q(lease_token=token) | self.ran_out()
        if from_own_page:
            free |= Q(edited_by=member)
        return bool(self.in_use().filter(free).update(**lent(token, EDIT_LEASE_SECONDS), edited_by=member))

    def give_back(self, token: uuid.UUID) -> bool:
        """End the right of a page to change these edits; False if it had none."""
        return bool(self.leased_by(token).update(**self.unleased()))


class Reel(Leased):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = NameField(_("name"), max_length=80)
    name_key = key_of("name")
    shoot = models.ForeignKey(
        Shoot, on_delete=models.SET_NULL, null=True, blank=True, related_name="reels", verbose_name=_("session"),
        help_text=_("The session it was made of, if it was made of one."),
    )  # fmt: skip
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="reels",
        verbose_name=_("made by"),
    )  # fmt: skip
    made_by_name = models.CharField(_("made by (name)"), max_length=40, help_text=_("Kept when the member is deleted."))
    #: The edit that a sorted session gets by itself; one a session, and none again once it was thrown away.
    is_drafted = models.BooleanField(_("made by itself"), default=False, db_default=False, editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    #: Whose page has the lease.
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+",
        verbose_name=_("being edited by"),
    )  # fmt: skip
    bin_entry = models.ForeignKey(
        BinEntry, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="reels",
        verbose_name=_("in the bin"),
    )  # fmt: skip

    objects = ReelQuerySet.as_manager()

    class Meta:
        verbose_name = _("edit")
        verbose_name_plural = _("edits")
        ordering = ["-changed_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="reel_has_a_name"),
            models.UniqueConstraint(
                fields=["name_key"],
                condition=Q(bin_entry=None),
                name="reel_name_unique",
                violation_error_message=_("There is an edit of this name already."),
            ),
            models.UniqueConstraint(fields=["shoot"], condition=Q(is_drafted=True), name="reel_drafted_once_a_session"),
            # The member may be removed while they edit; the lease itself is complete or absent.
            models.CheckConstraint(
                condition=Q(lease_token__isnull=False, lease_ends_at__isnull=False)
                | Q(lease_token=None, lease_ends_at=None, edited_by=None),
                name="reel_lease_fields_together",
            ),
        ]
        indexes = [models.Index(fields=["-changed_at"], condition=Q(bin_entry=None), name="reel_last_changed")]

    def __str__(self) -> str:
        return str(self.name)

    @property
    def is_being_edited(self) -> bool:
        """Return whether an open page has the right to change it."""
        return self.lease_ends_at is not None and self.lease_ends_at > timezone.now()


class ReelClip(models.Model):
    """One clip's place in an edit. A clip may stand in it several times."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    reel = models.ForeignKey(Reel, on_delete=models.CASCADE, related_name="clips", verbose_name=_("edit"))
    #: From 1 on, without gaps.
    position = models.PositiveIntegerField(_("position"))
    #: Of a clip's lineage and not of the clip, so that a new version takes the place of the one before.
    lineage = models.UUIDField(_("clip"), editable=False)
    # In the video, as the clip's own are: in a new version the same pictures are shown.
    start_ms = models.PositiveBigIntegerField(_("start"), null=True, blank=True)
    end_ms = models.PositiveBigIntegerField(_("end"), null=True, blank=True)
    speed = models.PositiveSmallIntegerField(_("speed"), default=100, help_text=_("In percent."))
    title = models.CharField(_("title"), max_length=MAX_TITLE, blank=True)
    has_sound = models.BooleanField(_("sound"), default=True)
    #: Where the middle of an upright film's picture lies: milliseconds of the video, ascending, each with thousandths
    #: of the picture's width. Empty where nobody dragged it: then it follows the rider.
    crop: Any = models.JSONField(_("crop"), default=list, blank=True)

    class Meta:
        verbose_name = _("clip of an edit")
        verbose_name_plural = _("clips of edits")
        ordering = ["reel", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["reel", "position"], deferrable=models.Deferrable.DEFERRED, name="reel_one_clip_a_position"
            ),
            models.CheckConstraint(condition=Q(position__gte=1), name="reel_counts_from_one"),
            models.CheckConstraint(
                condition=Q(start_ms=None, end_ms=None)
                | Q(start_ms__isnull=False, end_ms__isnull=False, end_ms__gt=F("start_ms")),
                name="reel_trim_has_length",
            ),
            models.CheckConstraint(condition=Q(speed__in=SPEEDS), name="reel_speed_known"),
            models.CheckConstraint(
                condition=LessThanOrEqual(
                    Func(F("crop"), function="jsonb_array_length", output_field=models.IntegerField()), MAX_CROPS
                ),
                name="reel_crop_is_a_list",
            ),
        ]
        indexes = [models.Index(fields=["lineage"], name="reel_clip_of_lineage")]

    def __str__(self) -> str:
        return f"{self.reel} {self.position}"


class ReelChangeKind(models.TextChoices):
    ADD = "ADD", _("add clips")
    REMOVE = "REMOVE", _("remove a clip")
    MOVE = "MOVE", _("move a clip")
    TRIM = "TRIM", _("trim a clip")
    SPEED = "SPEED", _("change the speed of a clip")
    TITLE = "TITLE", _("change a title")
    SOUND = "SOUND", _("switch the sound of a clip")
    CROP = "CROP", _("move the crop of a clip")
    ANGLE = "ANGLE", _("show another camera")
    CUT = "CUT", _("cut to another camera")
    RENAME = "RENAME", _("rename the edit")
    DRAFT = "DRAFT", _("choose the clips again")


class ReelChangeState(models.TextChoices):
    DONE = "DONE", _("done")
    UNDONE = "UNDONE", _("undone")
    #: It was undone, and another change was made then: there is no way back to it.
    DROPPED = "DROPPED", _("replaced")


class ReelChangeQuerySet(models.QuerySet["ReelChange"]):
    def next_number(self) -> int:
        return (self.aggregate(highest=Max("number"))["highest"] or 0) + 1

    def to_undo(self) -> "ReelChange | None":
        """Return the change of an edit that undo takes back: the last one that is done."""
        return self.filter(state=ReelChangeState.DONE).order_by("-number").first()

    def to_redo(self) -> "ReelChange | None":
        """Return the change of an edit that redo does again: the first one of those undone."""
        return self.filter(state=ReelChangeState.UNDONE).order_by("number").first()

    def drop_undone(self) -> int:
        """Forget the way forwards, because something else was changed."""
        return self.filter(state=ReelChangeState.UNDONE).update(state=ReelChangeState.DROPPED)


class ReelChange(models.Model):
    """One change of an edit. Its id is the client's idempotency key: the same request twice finds the first one's row.

    ``before`` and ``after`` hold what it changed and nothing else: the name, the order as ids, and rows by their id,
    None for one that is not there.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    reel = models.ForeignKey(Reel, on_delete=models.CASCADE, related_name="changes", verbose_name=_("edit"))
    number = models.PositiveIntegerField(_("number"), editable=False)
    kind = models.CharField(_("change"), max_length=6, choices=ReelChangeKind)
    n_clips = models.PositiveIntegerField(_("clips"), default=1)
    state = models.CharField(_("state"), max_length=7, choices=ReelChangeState, default=ReelChangeState.DONE)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    member_name = models.CharField(_("by (name)"), max_length=40, help_text=_("Kept when the member is deleted."))
    before: Any = models.JSONField(default=dict, editable=False)
    after: Any = models.JSONField(default=dict, editable=False)
    created_at = models.DateTimeField(_("when"), auto_now_add=True)

    objects = ReelChangeQuerySet.as_manager()

    class Meta:
        verbose_name = _("change of an edit")
        verbose_name_plural = _("changes of edits")
        ordering = ["reel", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["reel", "number"], name="reel_change_number_once"),
            models.CheckConstraint(condition=Q(kind__in=ReelChangeKind.values), name="reel_change_kind_known"),
            models.CheckConstraint(condition=Q(state__in=ReelChangeState.values), name="reel_change_state_known"),
        ]

    def __str__(self) -> str:
        return said(ReelChangeKind(self.kind), self.n_clips)

    def mark(self, state: ReelChangeState, *, was: ReelChangeState) -> bool:
        """Note that the change is undone or done again; False if it is not as it ``was`` any more."""
        return bool(ReelChange.objects.filter(pk=self.pk, state=was).update(state=state))


def said(kind: ReelChangeKind, n: int) -> str:
    """Return a change in words."""
    match kind:
        case ReelChangeKind.ADD:
            return ngettext("Added %(n)d clip", "Added %(n)d clips", n) % {"n": n}
        case ReelChangeKind.REMOVE:
            return ngettext("Removed %(n)d clip", "Removed %(n)d clips", n) % {"n": n}
        case ReelChangeKind.DRAFT:
            return _t("Chose the clips")
    return {
        ReelChangeKind.MOVE: _t("Moved a clip"),
        ReelChangeKind.TRIM: _t("Trimmed a clip"),
        ReelChangeKind.SPEED: _t("Changed a speed"),
        ReelChangeKind.TITLE: _t("Changed a title"),
        ReelChangeKind.SOUND: _t("Switched a sound"),
        ReelChangeKind.CROP: _t("Moved a crop"),
        ReelChangeKind.ANGLE: _t("Changed the camera"),
        ReelChangeKind.CUT: _t("Cut to another camera"),
        ReelChangeKind.RENAME: _t("Renamed the edit"),
    }[kind]
