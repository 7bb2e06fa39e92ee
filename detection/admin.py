"""Admin page of a detection run: its curve, its moments, its timings."""

from itertools import pairwise

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from clips.admin.record import RecordAdmin, count_of, row_link, rows_link
from clips.models import CandidateSegment, DetectionRun

#: Of the drawn curve, in units of its own picture, which the page scales.
CURVE_WIDTH, CURVE_HEIGHT = 800, 100


@admin.register(DetectionRun)
class DetectionRunAdmin(RecordAdmin):
    fields = ["original_file", "version", "segments", "drawn_curve", "unread", "parameters", "timings", "created_at"]
    list_display = ["created_at", "file", "version", "segments"]
    list_select_related = ["original_file"]
    list_filter = ["version", "created_at", ("unread", admin.EmptyFieldListFilter)]
    search_fields = ["original_file__original_filename", "version"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        n_segments = count_of(CandidateSegment.objects.all(), "run")
        # A curve of an hour is 36,000 numbers: only the page that draws it shall fetch it.
        return super().get_queryset(request).annotate(n_segments=n_segments).defer("curve")

    @admin.display(description=_("original file"))
    def file(self, run: DetectionRun) -> str:
        return row_link(run.original_file)

    @admin.display(description=_("segments"), ordering="n_segments")
    def segments(self, run: DetectionRun) -> str:
        return rows_link(CandidateSegment, run.n_segments, run__id__exact=run.pk)

    @admin.display(description=_("curve"))
    def drawn_curve(self, run: DetectionRun) -> str:
        """Draw the likelihood of a trick over the whole file."""
        points = " ".join(f"{x},{CURVE_HEIGHT * (1 - y):.0f}" for x, y in enumerate(highest(run.curve.get("values"))))
        return format_html(
            '<svg viewBox="0 0 {} {}" width="{}" height="{}" preserveAspectRatio="none" role="img">'
            '<polyline points="{}" fill="none" stroke="currentColor"/></svg>',
            CURVE_WIDTH, CURVE_HEIGHT, CURVE_WIDTH, CURVE_HEIGHT, points,
        )  # fmt: skip


def highest(values: list[float] | None, n_columns: int = CURVE_WIDTH) -> list[float]:
    """Return the curve in ``n_columns`` values, each the highest of its stretch, so that no peak is lost."""
    if not values:
        return []
    edges = [column * len(values) // n_columns for column in range(n_columns + 1)]
    return [max(values[start : max(end, start + 1)]) for start, end in pairwise(edges)]
