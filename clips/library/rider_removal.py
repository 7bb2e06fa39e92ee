"""Takes a rider out of the library for good, when they ask for it: out of tags, names of files and folders, and search.

The clips stay; who was second in one names its file then, or nobody. Names inside file names that were given once stay
reserved, as all do, so that no other file ever gets them.
"""

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from clips.archive.renaming import follow
from clips.library import export_file
from clips.models import BulkChange, BulkKind, Comment, FinalClip
from people.audit import Action, note
from people.leaving import forget
from people.models import Member, Person

#: Written in place of their name where it is told what was done to their row.
FORMER_RIDER = gettext_noop("former rider")


@transaction.atomic
def take_out(person: Person, member: Member) -> BulkChange:
    """Unlink a rider from all clips and versions, and delete their names; files follow in a job. Cannot be undone.

    Exports bear the name too, and end.
    """
    through = FinalClip.also.through.objects
    in_also = through.filter(person=person).values("finalclip")
    held = FinalClip.objects.filter(Q(person=person) | Q(pk__in=in_also)).hold()
    through.filter(finalclip__in=held, person=person).delete()
    for clip in FinalClip.objects.filter(pk__in=held, person=person).prefetch_related("also"):
        next_rider = min(clip.also.all(), key=lambda rider: str(rider.pk), default=None)
        FinalClip.objects.filter(pk=clip.pk).update(person=next_rider)
        through.filter(finalclip=clip, person=next_rider).delete()
    made = BulkChange.objects.create(
        kind=BulkKind.UNLINK,
        member=member,
        member_name=member.username,
        rows={str(pk): [] for pk in held},
        n_changed=len(held),
    )
    for change in BulkChange.objects.filter(kind=BulkKind.TAG):
        if str(person.pk) in str(change.states):
            change.forget_person(str(person.pk))
    names = [str(person.display_name), *person.aliases.values_list("name", flat=True)]
    Comment.objects.forget_names(names, FORMER_RIDER)
    gone = person.pk
    person.delete()
    forget(Person, gone, FORMER_RIDER)
    note(Action.TAKEN_OUT, made)
    follow(made)
    transaction.on_commit(export_file.clear_all, robust=True)
    return made
