"""What clips are found by follows the names of the people, tricks, sessions and cameras in them.

People and tricks know nothing of clips, and their names change in many places: the admin's pages and inline rows, a
merge, a file of tricks. So clips listen to the rows themselves; a method could only be called from where it may not
be imported. What is changed past the rows (a bulk update) is caught up with by the nightly refresh.
"""

from functools import partial

from django.db import transaction
from django.db.models import Model, Q
from django.db.models.signals import post_delete, post_save

from clips.archive.moves import follow_names, originals_follow
from clips.models import CameraName, FinalClip, Shoot
from people.models import Person, PersonAlias
from tricks.models import Trick, TrickAlias


def listen() -> None:
    """Call once, when all apps are loaded."""
    for model in (Person, Trick, Shoot):
        post_save.connect(_renamed, sender=model)
    for model in (PersonAlias, TrickAlias, CameraName):
        post_save.connect(_renamed, sender=model)
        post_delete.connect(_renamed, sender=model)


def clips_with(row: Model) -> Q:
    """Return the condition that a clip bears the name of this row."""
    match row:
        case Person():
            return Q(person=row.pk) | Q(pk__in=FinalClip.also.through.objects.filter(person=row.pk).values("finalclip"))
        case PersonAlias():
            return clips_with(Person(pk=row.person_id))
        case TrickAlias():
            return Q(trick=row.trick_id)
        case Trick():
            return Q(trick=row.pk)
        case CameraName():
            return Q(camera_id=row.camera_id)
    return Q(original_file__shoot=row.pk)


def _renamed(instance: Model, created: bool = False, raw: bool = False, **_signal: object) -> None:
    is_new = created and isinstance(instance, Person | Trick | Shoot)  # nothing bears its name yet
    if not is_new and not raw:
        transaction.on_commit(partial(_refresh, clips_with(instance)))
        if isinstance(instance, Shoot):
            transaction.on_commit(partial(originals_follow, instance))


def _refresh(which: Q) -> None:
    FinalClip.objects.filter(which).refresh_search()
    follow_names(which)
