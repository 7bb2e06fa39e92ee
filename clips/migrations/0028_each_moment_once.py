"""Of moments that one search proposed twice, the better one stays; what anybody decided or holds always does."""

from django.db import migrations

#: As in detection/scoring/spans.py when this was written.
SAME_MOMENT = 0.5


def drop_doubles(apps, schema_editor):
    segments = apps.get_model("clips", "CandidateSegment").objects.using(schema_editor.connection.alias)
    fields = ("pk", "run", "start_ms", "end_ms", "status")
    proposed = segments.filter(run__isnull=False, parent=None)
    untouched = proposed.filter(status="UNREVIEWED", skipped_at=None, decisions=None, clips=None, children=None)
    may_go = set(untouched.values_list("pk", flat=True))
    doubles, run, kept = [], None, []
    # What stays anyway comes first in its run, then the best.
    rows = sorted(proposed.values_list(*fields, "score"), key=lambda row: (str(row[1]), row[0] in may_go, -row[5]))
    for pk, of_run, start_ms, end_ms, _status, _score in rows:
        if of_run != run:
            run, kept = of_run, []
        if pk in may_go and any(_is_same(start_ms, end_ms, *other) for other in kept):
            doubles.append(pk)
        else:
            kept.append((start_ms, end_ms))
    for start in range(0, len(doubles), 500):
        segments.filter(pk__in=doubles[start : start + 500]).delete()
    _tell_apart(segments)


def _is_same(start_ms, end_ms, other_start_ms, other_end_ms):
    shared_ms = min(end_ms, other_end_ms) - max(start_ms, other_start_ms)
    return shared_ms >= SAME_MOMENT * min(end_ms - start_ms, other_end_ms - other_start_ms)


def _tell_apart(segments):
    """Of two with one span that people touched both, the later is written down as split from the first."""
    first = {}
    rows = segments.filter(run__isnull=False, parent=None).order_by("created_at", "pk")
    for pk, *span in rows.values_list("pk", "run", "start_ms", "end_ms"):
        if (known := first.setdefault(tuple(span), pk)) != pk:
            segments.filter(pk=pk).update(parent_id=known)


class Migration(migrations.Migration):
    dependencies = [("clips", "0027_session_name_keys")]

    operations = [migrations.RunPython(drop_doubles, migrations.RunPython.noop)]
