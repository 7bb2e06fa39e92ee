"""Filters of clips and jobs for the library page and the API."""

import uuid

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters

from clips.library import ordering
from clips.library.search import matching
from clips.media.cameras.model import CAMERA_ID
from clips.models import CameraName, ClipCategory, FinalClip, Job, JobKind, JobState
from people.models import Person
from tricks.models import Trick

#: Which tag a clip lacks; "both" is what pages call untagged.
UNTAGGED = [("both", _("untagged")), ("person", _("no rider")), ("trick", _("no trick"))]


class ClipFilter(filters.FilterSet):
    """Filters and order of clips, for the API and the library page."""

    q = filters.CharFilter(method="matching", label="beginnings of words in names, aliases and metadata")
    person = filters.CharFilter(method="with_person", label="name, slug, alias or id; also finds who is in `also`")
    trick = filters.CharFilter(method="with_trick", label="name, slug, alias or id")
    untagged = filters.ChoiceFilter(
        method="without_tags", choices=UNTAGGED, label="clips without a rider, without a trick, or without both"
    )
    session = filters.CharFilter(method="of_session", label="name, slug or id of the session")
    date = filters.DateFilter()
    date_from = filters.DateFilter("date", lookup_expr="gte")
    date_to = filters.DateFilter("date", lookup_expr="lte")
    camera = filters.CharFilter(method="by_camera", label="id as in file names, or what the crew calls the camera")
    fps = filters.CharFilter("fps_label", lookup_expr="iexact")
    category = filters.ChoiceFilter(choices=ClipCategory.choices)
    all_versions = filters.BooleanFilter(method="applied_last", label="include replaced versions")
    sort = filters.ChoiceFilter(method="applied_last", choices=ordering.CHOICES, label="default: newest first")

    class Meta:
        model = FinalClip
        fields = []

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

    def with_person(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        people = list(_by_id_or_name(Person.objects, value))
        also = FinalClip.also.through.objects.filter(person__in=people).values("finalclip")
        return clips.filter(Q(person__in=people) | Q(pk__in=also))

    def with_trick(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        return clips.filter(trick__in=list(_by_id_or_name(Trick.objects, value)))

    def without_tags(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        if value != "trick":
            clips = clips.filter(person=None)
        if value != "person":
            clips = clips.filter(trick=None)
        return clips

    def by_camera(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        asked = Q(camera_id__iexact=value)
        if not CAMERA_ID.fullmatch(value.upper()):
            for own in CameraName.objects.filter(name__iexact=value):
                asked |= _of_camera(own)
        return clips.filter(asked)

    def of_session(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        if pk := _uuid(value):
            return clips.filter(original_file__shoot=pk)
        shoot = "original_file__shoot__"
        return clips.filter(Q(**{f"{shoot}name__iexact": value}) | Q(**{f"{shoot}slug__iexact": value}))


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


def _by_id_or_name(rows, value: str) -> QuerySet:
    pk = _uuid(value)
    return rows.filter(pk=pk) if pk else rows.called(value)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
