"""Forms of an edit: its name, what is changed in it, and which clips join it."""

from fractions import Fraction
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from clips.library.bulk_forms import KeyForm
from clips.library.selection import SelectionForm
from clips.library.session_forms import ClockField
from clips.models import RENDER_SIZES_PX, GuestComments, Reel, ReelMusic, RenderShape
from clips.models.reel import MAX_CLIPS, MAX_TITLE, SPEEDS
from clips.reels.draft import Weighing
from clips.reels.editing import MAX_NAME
from clips.reels.handles import HANDLES_MS
from clips.reels.handover import Linked
from clips.reels.music import MAX_MUSIC_BYTES
from clips.reels.rendering import RenderWish
from clips.reels.sharing import Wish
from clips.reels.timeline.formats import FORMATS
from clips.reels.timeline.model import TIMELINE_RATES, rate_text
from clips.sharing.forms import LINK_DAYS


class NameForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME)


class AddForm(SelectionForm, KeyForm):
    """The selected clips, and the edit that they join: one of that name, or a new one."""

    name = forms.CharField(
        label=_("Edit"), max_length=MAX_NAME, error_messages={"required": _("Enter the name of an edit.")}
    )


class MakeForm(SelectionForm, KeyForm):
    """All clips of a session or a search, of which an edit is made; its name may follow later."""

    name = forms.CharField(max_length=MAX_NAME, required=False)
    session = forms.UUIDField(required=False)


class LinkWishForm(forms.Form):
    """What a link may show, for how long, and to whom."""

    days = forms.TypedChoiceField(label=_("Expires"), coerce=int, choices=list(LINK_DAYS.items()), initial=30)
    password = forms.CharField(
        label=_("Password (optional)"), max_length=100, required=False, strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )  # fmt: skip
    may_download = forms.BooleanField(label=_("Allow downloads"), required=False, initial=True)

    guest_comments = forms.ChoiceField(label=_("Guests"), choices=GuestComments.choices, required=False)

    def wish(self) -> Wish:
        asked = self.cleaned_data
        return Wish(
            days=asked["days"],
            password=asked["password"],
            may_download=asked["may_download"],
            title=asked.get("title", ""),
            guest_comments=GuestComments(asked["guest_comments"] or GuestComments.OFF),
        )


class ClipsLinkForm(SelectionForm, LinkWishForm):
    """The selected clips, and the link that shows them."""

    title = forms.CharField(label=_("Title (optional)"), max_length=MAX_NAME, required=False)


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("Password"), max_length=100, strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )


def _handle_text(seconds: int) -> Promise:
    return ngettext_lazy("%(n)d second before and after", "%(n)d seconds before and after", seconds) % {"n": seconds}


class ProjectForm(forms.Form):
    """Format, linked files and rate of the project that a video editor gets."""

    format = forms.ChoiceField(label=_("For"), choices=[(name, known.label) for name, known in FORMATS.items()])
    linked = forms.ChoiceField(label=_("Files"), choices=Linked.choices)
    rate = forms.TypedChoiceField(
        label=_("Frames per second"), required=False, coerce=Fraction, empty_value=None,
        choices=[("", _("as most clips")), *((str(rate), rate_text(rate)) for rate in TIMELINE_RATES)],
    )  # fmt: skip


class HandoverForm(ProjectForm):
    """The project of an edit, whose clips may be cut with handles."""

    handles = forms.TypedChoiceField(
        label=_("Handles (in a ZIP)"), required=False, coerce=int, empty_value=0,
        choices=[(0, _("none")), *((ms, _handle_text(ms // 1000)) for ms in HANDLES_MS)],
    )  # fmt: skip

    field_order = ("format", "linked", "handles", "rate")


class ClipsHandoverForm(SelectionForm, ProjectForm):
    """The selected clips, and the project that a video editor gets of them."""


class RenderForm(KeyForm):
    """Reads the format, texts and music of a film. ``key`` makes a repeated request harmless."""

    shape = forms.ChoiceField(label=_("Format"), choices=RenderShape.choices, initial=RenderShape.WIDE)
    shorter_px = forms.TypedChoiceField(
        label=_("Size"), coerce=int, choices=[(side, f"{side}p") for side in RENDER_SIZES_PX], initial=1080
    )
    rate = forms.TypedChoiceField(
        label=_("Frames per second"), required=False, coerce=Fraction, empty_value=None,
        choices=[("", _("as most clips")), *((str(rate), rate_text(rate)) for rate in TIMELINE_RATES)],
    )  # fmt: skip
    music = forms.ModelChoiceField(
        label=_("Music"), queryset=ReelMusic.objects.none(), required=False, empty_label=_("none")
    )
    is_faded = forms.BooleanField(label=_("Cross-fade between clips"), required=False)
    has_names = forms.BooleanField(label=_("Rider and trick"), required=False, initial=True)
    has_opening = forms.BooleanField(label=_("Opening with the edit’s name"), required=False)
    has_credits = forms.BooleanField(label=_("Credits"), required=False)
    follows = forms.BooleanField(label=_("Follow the rider"), required=False, initial=True)
    snaps = forms.BooleanField(label=_("Cut on the beat of the music"), required=False)

    def __init__(self, *args: Any, reel: Reel, **options: Any) -> None:
        super().__init__(*args, auto_id="film-%s", **options)
        self.fields["music"].queryset = reel.music.all()

    def wish(self) -> RenderWish:
        chosen = {name: value for name, value in self.cleaned_data.items() if name != "key"}
        return RenderWish(**chosen | {"shape": RenderShape(chosen["shape"])})


class MusicPieceForm(forms.Form):
    """A piece of a music file: which file, where the piece begins, and how long the whole is."""

    key = forms.UUIDField()
    name = forms.CharField(max_length=200)
    at = forms.IntegerField(min_value=0, max_value=MAX_MUSIC_BYTES)
    size = forms.IntegerField(min_value=1, max_value=MAX_MUSIC_BYTES)
    piece = forms.FileField(max_length=200)


class HandForm(KeyForm):
    """Who changes an edit: the key of the request, and the lease of the page."""

    lease = forms.UUIDField()


class LeaseForm(forms.Form):
    """The lease of a page; one that is just opened takes it from another page of the same member."""

    lease = forms.UUIDField()
    opens = forms.BooleanField(required=False)


class MoveForm(forms.Form):
    position = forms.IntegerField(min_value=1, max_value=MAX_CLIPS)


class TrimForm(forms.Form):
    """The part of a clip that is shown."""

    start_ms = ClockField(label=_("From"))
    end_ms = ClockField(label=_("To"))


class CropForm(forms.Form):
    """A time of the clip, and where the middle of its crop lies then, in thousandths of the picture's width."""

    at_ms = forms.IntegerField(min_value=0)
    middle = forms.IntegerField(min_value=0, max_value=1000)


class CameraForm(forms.Form):
    """The clip of another camera, by its lineage."""

    camera = forms.UUIDField()


class CutForm(CameraForm):
    """The clip of another camera, and the time of the shown clip from which on it is shown."""

    at_ms = forms.IntegerField(min_value=0)


class SpeedForm(forms.Form):
    speed = forms.TypedChoiceField(coerce=int, choices=[(speed, speed) for speed in SPEEDS])


class TitleForm(forms.Form):
    title = forms.CharField(max_length=MAX_TITLE, required=False)


class SoundForm(forms.Form):
    has_sound = forms.BooleanField(required=False)


class DraftForm(forms.Form):
    weighing = forms.ChoiceField(choices=[(one.value, one.value) for one in Weighing])
