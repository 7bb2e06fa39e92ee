"""Filters of clips and jobs for the library page and the API."""

import uuid
from functools import reduce
from operator import or_

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.drainage import set_override
from rest_framework.request import Request

from clips.library import ordering
from clips.library.search import LACKING, matching
from clips.media.cameras.model import CAMERA_ID
from clips.models import CameraName, ClipCategory, FinalClip, Heart, Job, JobKind, JobState, Reel, ReelClip
from clips.models.clip import MAX_STARS
from people.models import Member, Person
from people.naming.fields import called
from tricks.models import Trick

#: So many ids are written into a question.
FEW = 1000
#: Whose hearts a clip has.
HEARTS = [("mine", _("mine")), ("anybody", _("anybody’s"))]
#: How many stars the crew gave a clip, the best first.
STARS = [(str(n), "★" * n) for n in range(MAX_STARS, 0, -1)] + [("0", _("not rated"))]
#: Which tag a clip lacks; "both" is what pages call untagged.
UNTAGGED = [("both", _("untagged")), ("person", _("no rider")), ("trick", _("no trick"))]


class ValuesField(forms.Field):
    """Several values in repeated parameters, each checked as ``one`` field does."""

    widget = forms.SelectMultiple

    def __init__(self, *, one: forms.Field, **kwargs) -> None:
        self._one = one
        super().__init__(**kwargs)

    def clean(self, value: list[str] | str | None) -> list:
        values = [value] if isinstance(value, str) else value or []
        return [self._one.clean(text) for text in dict.fromkeys(values) if text]


class ValuesFilter(filters.Filter):
    """Finds rows that fit any of the values given."""

    field_class = ValuesField

    def __init__(self, *args, one: type[forms.Field] = forms.CharField, choices: tuple = (), **kwargs) -> None:
        each = forms.ChoiceField(choices=choices) if choices else one()
        items = {"type": "string"} | ({"enum": [value for value, _text in choices]} if choices else {})
        items |= {"format": "uuid"} if one is forms.UUIDField else {}
        super().__init__(*args, one=each, **kwargs)
        # For the API's description, which would not see that it takes several.
        described = {"type": "array", "items": items, "description": f"{kwargs['label']}; may be given several times"}
        set_override(self, "field", described)


class ClipFilter(filters.FilterSet):
    """Filters and order of clips, for the API and the library page."""

    q = filters.CharFilter(
        method="matching",
        label="beginnings of words in names, aliases and metadata; days, months, frame rates, missing tags",
    )
    person = ValuesFilter(method="with_person", label="name, slug, alias or id; also finds who is in `also`")
    trick = ValuesFilter(method="with_trick", label="name, slug, alias or id")
    untagged = ValuesFilter(
        method="without_tags", choices=UNTAGGED, label="clips without a rider, without a trick, or without both"
    )
    session = ValuesFilter(method="of_session", label="name, slug or id of the session")
    edit = ValuesFilter(method="in_edit", label="name or id of the edit")
    clip = ValuesFilter("pk", lookup_expr="in", one=forms.UUIDField, label="ids of single clips")
    date = filters.DateFilter()
    date_from = filters.DateFilter("date", lookup_expr="gte")
    date_to = filters.DateFilter("date", lookup_expr="lte")
    camera = ValuesFilter(method="by_camera", label="id as in file names, or what the crew calls the camera")
    fps = ValuesFilter(method="at_rate", label="as in file names, such as 240FPS")
    category = ValuesFilter("category", lookup_expr="in", choices=ClipCategory.choices, label="what a clip is")
    hearts = ValuesFilter(method="with_hearts", choices=HEARTS, label="clips with your heart, or with anybody’s")
    kept_by = ValuesFilter("created_by__username", lookup_expr="in", label="who kept it in Sort, by login name")
    stars = ValuesFilter("stars", lookup_expr="in", choices=STARS, label="how many stars a clip has, 0 to 5")
    all_versions = filters.BooleanFilter(method="applied_last", label="include replaced versions")
    sort = filters.ChoiceFilter(method="applied_last", choices=ordering.CHOICES, label="default: newest first")

    class Meta:
        model = FinalClip
        fields = []

    def __init__(self, *args, member: Member | None = None, request: Request | None = None, **kwargs) -> None:
        """Filter for ``member``, who makes the request if there is one: it is their hearts that are "mine"."""
        super().__init__(*args, request=request, **kwargs)
        self.member = member or (request.user if request else None)

    def filter_queryset(self, clips: QuerySet) -> QuerySet:
        asked = self.form.cleaned_data
        clips = super().filter_queryset(clips)
        # A clip that was removed is never current, and the shorter question is one that an index answers.
        clips = clips.filter(removed_at=None) if asked.get("all_versions") else clips.filter(is_current=True)
        return ordering.in_order(clips, asked.get("sort") or ordering.NEWEST)

    def applied_last(self, clips: QuerySet, _name: str, _value: object) -> QuerySet:
        return clips

    def matching(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        return matching(clips, value)

    def with_person(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        people = _by_ids_or_names(Person.objects, values)
        also = FinalClip.also.through.objects.filter(person__in=people).values_list("finalclip", flat=True)
        # As ids PostgreSQL looks for them in an index; for a question in a question it would read all clips.
        ids = list(also[: FEW + 1])
        return clips.filter(Q(person__in=people) | Q(pk__in=ids if len(ids) <= FEW else also))

    def with_trick(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        return clips.filter(trick__in=_by_ids_or_names(Trick.objects, values))

    def without_tags(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        return clips.filter(reduce(or_, (LACKING[value] for value in values)))

    def with_hearts(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        return clips.filter(reduce(or_, (hearted(value, self.member) for value in values)))

    def by_camera(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        asked = Q()
        for value in values:
            asked |= Q(camera_id__iexact=value)
            if not CAMERA_ID.fullmatch(value.upper()):
                for own in CameraName.objects.filter(name__iexact=value):
                    asked |= _of_camera(own)
        return clips.filter(asked)

    def at_rate(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        return clips.filter(fps_label__in=[value.upper() for value in values])

    def of_session(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        shoot, asked = "original_file__shoot", Q()
        for value in values:
            if pk := _uuid(value):
                asked |= Q(**{shoot: pk})
            else:
                asked |= Q(**{f"{shoot}__name__iexact": value}) | Q(**{f"{shoot}__slug__iexact": value})
        return clips.filter(asked)

    def in_edit(self, clips: QuerySet, _name: str, values: list[str]) -> QuerySet:
        asked = Q(pk=None)
        for value in values:
            asked |= Q(pk=pk) if (pk := _uuid(value)) else called(value)
        places = ReelClip.objects.filter(reel__in=Reel.objects.in_use().filter(asked))
        return clips.filter(lineage__in=places.values("lineage"))


def hearted(value: str, member: Member | None) -> Q:
    """Return the condition of a value of the filter of hearts; without a member nothing is "mine"."""
    if value == "anybody":
        return Q(n_hearts__gt=0)
    return Heart.objects.having(member) if member else Q(pk=None)


def _of_camera(own: CameraName) -> Q:
    """Return the condition that a clip's camera has this name: for a kind of camera, those without their own name."""
    if own.serial:
        return Q(camera_id=own.camera_id, original_file__camera_serial=own.serial)
    named = CameraName.objects.filter(camera_id=own.camera_id).exclude(serial="").values("serial")
    return Q(camera_id=own.camera_id) & ~Q(original_file__camera_serial__in=named)


class JobFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=JobKind.choices)
    state = filters.ChoiceFilter(choices=JobState.choices)

    class Meta:
        model = Job
        fields = ["kind", "state"]


def _by_ids_or_names(rows, values: list[str]) -> list:
    found = (rows.filter(pk=pk) if (pk := _uuid(value)) else rows.called(value) for value in values)
    return [row for rows in found for row in rows]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
