"""Views of the cameras that videos came from: their names, and corrections of their clocks after a look at them."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clips.library.camera_clocks import cameras, changes_of, correct, name_camera, put_back, said_of_times
from clips.media.cameras.model import CAMERA_ID
from clips.models import CameraClock, CameraName
from people.access import requires
from people.models import Role
from people.naming.spelling import clean_name
from trickyclip.shared.undo_offer import offer_undo

MOST_SHOWN = 20
#: What an integer of the database holds; a clock is never sixty-eight years wrong.
MOST_OFFSET_S = 2**31 - 1


class CameraForm(forms.Form):
    """Which camera: its id as in file names, and one of several by its serial number."""

    camera_id = forms.CharField(max_length=40, widget=forms.HiddenInput)
    serial = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def clean_camera_id(self) -> str:
        camera_id: str = self.cleaned_data["camera_id"].strip().upper()
        if not CAMERA_ID.fullmatch(camera_id):
            raise forms.ValidationError(_("Write a camera like CAM_GOPRO11."))
        return camera_id


class NameForm(CameraForm):
    """What the crew calls a camera; an empty name takes it away."""

    name = forms.CharField(label=_lazy("Name"), max_length=60, required=False)

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])[: CameraName._meta.get_field("name").max_length]


def _time_field(label: Any, help_text: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M:%S", attrs={"type": "datetime-local", "step": 1})
    formats = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"]
    return forms.DateTimeField(label=label, help_text=help_text, widget=widget, input_formats=formats)


class ClockForm(CameraForm):
    """What a camera's clock showed at a moment, and what time it really was."""

    shown = _time_field(
        _lazy("The camera’s clock showed"), _lazy("By the camera itself, in any of its videos of that day.")
    )
    true = _time_field(_lazy("It really was"), _lazy("Local time, where it was filmed."))
    all_of_kind = forms.BooleanField(label=_lazy("All cameras of this model"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.data.get("serial"):
            del self.fields["all_of_kind"]

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if cleaned.get("shown") and cleaned.get("true") and abs(self._offset_s(cleaned)) > MOST_OFFSET_S:
            self.add_error("true", _("These two are too far apart."))
        return cleaned

    def clock(self) -> CameraClock:
        """Return the correction, not saved; for a valid form."""
        asked = self.cleaned_data
        serial = "" if asked.get("all_of_kind") else asked["serial"]
        day = asked["shown"].date()
        return CameraClock(camera_id=asked["camera_id"], serial=serial, day=day, offset_s=self._offset_s(asked))

    def _offset_s(self, asked: dict) -> int:
        return round((asked["true"].replace(tzinfo=dt.UTC) - asked["shown"].replace(tzinfo=dt.UTC)).total_seconds())


@requires(Role.CURATOR)
@require_safe
def cameras_page(request: HttpRequest) -> HttpResponse:
    """List the cameras that videos came from."""
    return _page(request)


@requires(Role.CURATOR)
@require_POST
def camera_name(request: HttpRequest) -> HttpResponse:
    """Name a camera; file names keep the camera's own id."""
    form = NameForm(request.POST)
    if not form.is_valid():
        return _page(
            request, problem=" ".join(str(error) for errors in form.errors.values() for error in errors), status=422
        )
    name_camera(**form.cleaned_data)
    messages.success(request, _("Saved."))
    return redirect("clips:cameras")


@requires(Role.CURATOR)
@require_http_methods(["GET", "HEAD", "POST"])
def clock_correct(request: HttpRequest) -> HttpResponse:
    """Show what a correction of a camera's clock would change; POST makes it."""
    form = ClockForm(request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and form.is_valid():
        clock, before, n_changed = correct(form.clock())
        back = reverse("clips:clock_undo", args=[clock.pk])
        offer_undo(
            request, said_of_times(n_changed), back if before is None else f"{back}?{urlencode({'offset_s': before})}"
        )
        return redirect("clips:cameras")
    context = {"form": form, "camera_id": str(form.data.get("camera_id", ""))[:40], "most": MOST_SHOWN}
    # The form of a camera that nothing was typed for yet has nothing wrong in it.
    is_blank = not (form.data.get("shown") or form.data.get("true"))
    if form.is_valid():
        changes = changes_of(form.clock())
        context |= {
            "changes": changes[:MOST_SHOWN],
            "n_changes": len(changes),
            "n_more": max(0, len(changes) - MOST_SHOWN),
        }
    elif is_blank and request.method != "POST":
        context["form"] = ClockForm(initial=_camera_asked(request))
        if not context["form"].initial["serial"]:
            context["form"].fields.pop("all_of_kind", None)
    return render(
        request, "clips/web/clock.html", context, status=200 if form.is_valid() or request.method != "POST" else 422
    )


@requires(Role.CURATOR)
@require_POST
def clock_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a correction; with ``?offset_s=`` it has again what it had before. Times follow at once."""
    clock = get_object_or_404(CameraClock, pk=pk)
    before = forms.IntegerField(required=False, min_value=-MOST_OFFSET_S, max_value=MOST_OFFSET_S)
    try:
        offset_s = before.clean(request.GET.get("offset_s"))
    except forms.ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, said_of_times(put_back(clock, offset_s)))
    return redirect("clips:cameras")


def _camera_asked(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET.get(name, "")[:40] for name in ("camera_id", "serial")}


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    return render(request, "clips/web/cameras.html", {"cameras": cameras(), "problem": problem}, status=status)
