"""Admin pages of moments and of the decisions about them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.admin.record import OF_SHOOT, RecordAdmin, count_of, place, row_link, rows_link
from clips.models import CandidateSegment, Decision, FinalClip


class QueueFilter(admin.SimpleListFilter):
    """Moments in the sort queue: undecided, unheld, and shown at the session's sensitivity."""

    title = _("queue")
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple]:
        return [("to_sort", _("waiting to be sorted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.available().shown() if self.value() == "to_sort" else queryset


@admin.register(CandidateSegment)
class CandidateSegmentAdmin(RecordAdmin):
    """A moment changes only by being sorted, with a lease and a decision."""

    fields = [
        "original_file", "where", "score", "chance", "is_second_look", "is_from_angle", "why", "status", "clips",
        "decisions", "run", "parent", "held_by", "locked_at", "lease_ends_at", "features", "created_at",
    ]  # fmt: skip
    list_display = ["where", "file", "status", "score_percent", "why", "held_by", "clips"]
    list_select_related = ["original_file", "locked_by"]
    list_filter = ["status", QueueFilter]
    search_fields = ["original_file__original_filename", "original_file__shoot__name", "why"]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == OF_SHOOT or super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        n_clips = count_of(FinalClip.objects.all(), "candidate_segment")
        rows = super().get_queryset(request).annotate(n_clips=n_clips)
        return rows.defer("features", "original_file__probe")

    @admin.display(description=_("place"), ordering="start_ms")
    def where(self, segment: CandidateSegment) -> str:
        return place(segment)

    @admin.display(description=_("video"))
    def file(self, segment: CandidateSegment) -> str:
        return row_link(segment.original_file)

    @admin.display(description=_("score"), ordering="score")
    def score_percent(self, segment: CandidateSegment) -> str:
        return _t("by hand") if segment.score is None else f"{segment.score:.0%}"

    @admin.display(description=_("held by"))
    def held_by(self, segment: CandidateSegment) -> str:
        return str(segment.locked_by or "")

    @admin.display(description=_("clips"), ordering="n_clips")
    def clips(self, segment: CandidateSegment) -> str:
        return rows_link(FinalClip, segment.n_clips, candidate_segment__id__exact=segment.pk)

    @admin.display(description=_("decisions"))
    def decisions(self, segment: CandidateSegment) -> str:
        return rows_link(Decision, segment.decisions.count(), segment__id__exact=segment.pk)


@admin.register(Decision)
class DecisionAdmin(RecordAdmin):
    """The record of decisions; rows are only ever added, and not here."""

    fields = ["kind", "about", "member_name", "before", "after", "undone_by", "created_at"]
    list_display = ["created_at", "kind", "about", "member_name", "is_undone"]
    list_display_links = ["created_at"]
    list_select_related = ["segment__original_file"]
    list_filter = ["kind", "created_at", ("undone_by", admin.EmptyFieldListFilter)]
    search_fields = ["member_name", "segment__original_file__original_filename"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).defer("segment__features", "segment__original_file__probe")

    @admin.display(description=_("segment"))
    def about(self, decision: Decision) -> str:
        return row_link(decision.segment)

    @admin.display(description=_("undone"), boolean=True)
    def is_undone(self, decision: Decision) -> bool:
        return decision.undone_by_id is not None
