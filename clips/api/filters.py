"""By what clips and jobs are found."""

import uuid

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters

from clips.models import ClipCategory, FinalClip, Job, JobKind, JobState
from people.models import Person
from tricks.models import Trick


class ClipFilter(filters.FilterSet):
    person = filters.CharFilter(method="with_person", label="name, slug, alias or id; also finds who is in `also`")
    trick = filters.CharFilter(method="with_trick", label="name, slug, alias or id")
    session = filters.CharFilter(method="of_session", label="name of the session")
    date = filters.DateFilter()
    date_from = filters.DateFilter("date", lookup_expr="gte")
    date_to = filters.DateFilter("date", lookup_expr="lte")
    camera = filters.CharFilter("camera_id", lookup_expr="iexact")
    fps = filters.CharFilter("fps_label", lookup_expr="iexact")
    category = filters.ChoiceFilter(choices=ClipCategory.choices)
    q = filters.CharFilter("filename", lookup_expr="icontains", label="part of the file name")
    all_versions = filters.BooleanFilter(method="keep_old_versions", label="also versions that were replaced")

    class Meta:
        model = FinalClip
        fields = []

    def filter_queryset(self, clips: QuerySet) -> QuerySet:
        clips = super().filter_queryset(clips)
        return clips if self.form.cleaned_data.get("all_versions") else clips.filter(is_current=True)

    def keep_old_versions(self, clips: QuerySet, _name: str, _value: bool) -> QuerySet:
        return clips

    def with_person(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        people = list(_by_id_or_name(Person.objects, value))
        also = FinalClip.also.through.objects.filter(person__in=people).values("finalclip")
        return clips.filter(Q(person__in=people) | Q(pk__in=also))

    def with_trick(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        return clips.filter(trick__in=list(_by_id_or_name(Trick.objects, value)))

    def of_session(self, clips: QuerySet, _name: str, value: str) -> QuerySet:
        shoot = "original_file__shoot__"
        return clips.filter(Q(**{f"{shoot}name__iexact": value}) | Q(**{f"{shoot}slug__iexact": value}))


class JobFilter(filters.FilterSet):
    kind = filters.ChoiceFilter(choices=JobKind.choices)
    state = filters.ChoiceFilter(choices=JobState.choices)

    class Meta:
        model = Job
        fields = ["kind", "state"]


def _by_id_or_name(rows, value: str) -> QuerySet:
    try:
        return rows.filter(pk=uuid.UUID(value))
    except ValueError:
        return rows.called(value)
