"""The crew's settings for its cameras: their names, and the errors of their clocks."""

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clips.media.cameras.model import CAM_UNKNOWN
from people.naming.fields import NameField

_ANY_SERIAL = _("Leave empty for every camera of this model.")


def own_name(camera_id: str, serial: str) -> Subquery:
    """Return, for an annotation, the crew's name for a row's camera; None if it has none.

    ``camera_id`` and ``serial`` are the paths to these from the row. The name of the one camera wins over that of its
    kind.
    """
    fitting = CameraName.objects.filter(Q(serial="") | Q(serial=OuterRef(serial)), camera_id=OuterRef(camera_id))
    return Subquery(fitting.order_by("-serial").values("name")[:1])


def camera_name(camera_id: str) -> str:
    """Return a camera's id as people say it: CAM_GOPRO11 is GOPRO11."""
    if camera_id == CAM_UNKNOWN:
        return gettext("unknown camera")
    return camera_id.removeprefix("CAM_").replace("_", " ")


def rate_name(fps_label: str) -> str:
    """Return 240FPS as 240 fps."""
    return fps_label.replace("FPS", " fps").replace("_", " ").strip()


class CameraName(models.Model):
    """The crew's name for a camera, as "helmet cam"."""

    camera_id = models.CharField(_("camera"), max_length=40, help_text=_("As in file names: CAM_GOPRO11."))
    serial = models.CharField(_("serial number"), max_length=40, blank=True, help_text=_ANY_SERIAL)
    name = NameField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("camera name")
        verbose_name_plural = _("camera names")
        ordering = ["camera_id", "serial"]
        constraints = [
            models.UniqueConstraint(
                fields=["camera_id", "serial"],
                name="camera_name_unique",
                violation_error_message=_("This camera already has a name."),
            )
        ]

    def __str__(self) -> str:
        return str(self.name)


class CameraClock(models.Model):
    """The error of a camera's clock on one day."""

    camera_id = models.CharField(_("camera"), max_length=40, help_text=_("As in file names: CAM_GOPRO11."))
    serial = models.CharField(_("serial number"), max_length=40, blank=True, help_text=_ANY_SERIAL)
    day = models.DateField(_("day"), help_text=_("By the camera's own clock, before correction."))
    offset_s = models.IntegerField(
        _("seconds to add"),
        help_text=_("Added to the camera's time to get the true one; may be negative."),
    )

    class Meta:
        verbose_name = _("camera clock")
        verbose_name_plural = _("camera clocks")
        ordering = ["-day", "camera_id", "serial"]
        constraints = [
            models.UniqueConstraint(
                fields=["camera_id", "serial", "day"],
                name="camera_clock_unique",
                violation_error_message=_("This camera's clock already has an offset for that day."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.camera_id} {self.day}: {self.offset_s:+d} s"
