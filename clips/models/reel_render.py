"""Rendered edits: films of one file made of an edit as it was then, and the music that the crew brought for them."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clips.models.reel import Reel
from people.naming.slugs import slugify


class RenderShape(models.TextChoices):
    WIDE = "WIDE", "16:9"
    TALL = "TALL", "9:16"
    PORTRAIT = "PORTRAIT", "4:5"
    SQUARE = "SQUARE", "1:1"

    def size_px(self, shorter_px: int) -> tuple[int, int]:
        """Return width and height."""
        longer_px = {"WIDE": shorter_px * 16 // 9, "TALL": shorter_px * 16 // 9, "PORTRAIT": shorter_px * 5 // 4}
        other_px = longer_px.get(self.value, shorter_px)
        return (other_px, shorter_px) if self == RenderShape.WIDE else (shorter_px, other_px)


#: Of a film's shorter side.
RENDER_SIZES_PX = (1080, 2160)


class ReelMusic(models.Model):
    """A music file that somebody brought for an edit. Its rights are theirs to have."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    reel = models.ForeignKey(Reel, on_delete=models.CASCADE, related_name="music", verbose_name=_("edit"))
    name = models.CharField(_("name"), max_length=80)
    stored_path = models.CharField(_("stored as"), max_length=100, unique=True)
    size_bytes = models.PositiveBigIntegerField(_("size"))
    brought_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("brought by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("brought"), auto_now_add=True)

    class Meta:
        verbose_name = _("music of an edit")
        verbose_name_plural = _("music of edits")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name


class ReelRenderQuerySet(models.QuerySet["ReelRender"]):
    def made(self) -> "ReelRenderQuerySet":
        """Return films that are rendered."""
        return self.exclude(stored_path="")

    def shown(self) -> "ReelRenderQuerySet":
        """Fetch what pages show of films, those of edits in the bin left out."""
        rows = self.filter(reel__bin_entry=None).select_related("reel", "music", "made_by")
        return rows.defer("plan").order_by("-created_at")


class ReelRender(models.Model):
    """One film of an edit. Its id is the client's idempotency key; the plan is what the edit was when it was asked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    reel = models.ForeignKey(Reel, on_delete=models.CASCADE, related_name="renders", verbose_name=_("edit"))
    shape = models.CharField(_("format"), max_length=8, choices=RenderShape)
    shorter_px = models.PositiveSmallIntegerField(_("size"))
    rate = models.CharField(_("frames per second"), max_length=11, help_text=_("A fraction, as 30000/1001."))
    #: As ``clips.media.reel.plan.as_json`` returns it, with the ids of clips as their sources.
    plan: Any = models.JSONField(default=dict, editable=False)
    music = models.ForeignKey(
        ReelMusic, on_delete=models.SET_NULL, null=True, blank=True, related_name="renders", verbose_name=_("music")
    )
    follows = models.BooleanField(_("follows the rider"), default=False)
    #: How many clips show their middle, because no rider was found in them; none where nobody is followed.
    n_in_middle = models.PositiveSmallIntegerField(_("clips in the middle"), null=True, blank=True, editable=False)
    snaps = models.BooleanField(_("cuts on the beat"), default=False)
    stored_path = models.CharField(_("stored as"), max_length=100, blank=True, help_text=_("Empty until it exists."))
    size_bytes = models.PositiveBigIntegerField(_("size"), null=True, blank=True)
    duration_ms = models.PositiveIntegerField(_("length"), null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+",
        verbose_name=_("made by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("requested"), auto_now_add=True)
    seen_at = models.DateTimeField(_("last viewed"), default=timezone.now)

    objects = ReelRenderQuerySet.as_manager()

    class Meta:
        verbose_name = _("rendered edit")
        verbose_name_plural = _("rendered edits")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(shape__in=RenderShape.values), name="reel_render_shape_known"),
            models.CheckConstraint(condition=Q(shorter_px__in=RENDER_SIZES_PX), name="reel_render_size_known"),
            models.CheckConstraint(
                condition=Q(stored_path="", size_bytes=None, duration_ms=None)
                | Q(size_bytes__gt=0, duration_ms__isnull=False) & ~Q(stored_path=""),
                name="reel_render_file_fields_together",
            ),
        ]
        indexes = [models.Index(fields=["seen_at"], condition=~Q(stored_path=""), name="reel_render_last_seen")]

    def __str__(self) -> str:
        return f"{self.reel} {self.get_shape_display()}"

    @property
    def save_as(self) -> str:
        """Its name for downloads."""
        stem = slugify(self.reel.name, fallback="TrickyClip")
        return f"{stem}__{self.get_shape_display().replace(':', 'x')}__{self.shorter_px}p.mp4"

    def note_rendered(
        self, *, stored_path: str, size_bytes: int, duration_ms: int, n_in_middle: int | None = None
    ) -> bool:
        """Note the finished file; False if the render was deleted meanwhile."""
        rows = ReelRender.objects.filter(pk=self.pk)
        facts = {"size_bytes": size_bytes, "duration_ms": duration_ms, "n_in_middle": n_in_middle}
        return bool(rows.update(stored_path=stored_path, **facts))
