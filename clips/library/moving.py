"""Moves videos to another session; their clips follow with new file names, and move in the archive."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from clips.archive.renaming import follow
from clips.models import OriginalFile, Shoot


@transaction.atomic
def move_videos(videos: Iterable[UUID], target: Shoot) -> int:
    """Move videos with their small copies to a session; return how many videos moved."""
    chosen = OriginalFile.objects.in_use().filter(Q(pk__in=list(videos)) | Q(low_res_of__in=list(videos)))
    sources = list(chosen.order_by().values_list("shoot", flat=True).distinct())
    if not Shoot.objects.in_use().filter(pk=target.pk).exists():
        return 0
    Shoot.objects.filter(pk__in=[*sources, target.pk]).hold()  # all at once, in the order of everybody
    held = chosen.exclude(shoot=target).hold()
    moved = OriginalFile.objects.filter(pk__in=held)
    moved.update(shoot=target)
    if held:
        moved.place_in_time()
        follow(target)
    return moved.filter(low_res_of=None).count()
