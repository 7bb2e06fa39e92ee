"""Checks edits: whether their clips exist, and whether their places count from 1 without gaps."""

from collections.abc import Iterator

from django.db.models import Count, Exists, F, Max, OuterRef
from django.utils.translation import gettext as _

from clips.integrity.batches import rows_in_batches
from clips.integrity.finding import Disagreement, Kind
from clips.models import FinalClip, Reel, ReelClip


def edits(*, checksums: bool) -> Iterator[Disagreement]:
    """Report places of edits whose clip has no row in any version, and edits with gaps between their places."""
    known = FinalClip.objects.filter(lineage=OuterRef("lineage"))
    lost = ReelClip.objects.filter(~Exists(known))
    for batch in rows_in_batches(lost, "reel__name", "position"):
        for key, name, position in batch:
            says = _("its clip at place %(n)d has no row.") % {"n": position}
            yield Disagreement(Kind.EDIT, name, says, str(key))
    counted = Reel.objects.annotate(n=Count("clips"), last=Max("clips__position"))
    for key, name in counted.exclude(last=None).exclude(last=F("n")).values_list("pk", "name").iterator():
        yield Disagreement(Kind.EDIT, name, _("its places have gaps."), str(key))
