"""State of a folder from which files are imported automatically."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

#: Each thing that is at fault is named; nobody reads of more than some dozens.
MAX_SENTENCE_CHARS = 4000


class InboxQuerySet(models.QuerySet["Inbox"]):
    def looked_into(self, place: str, sentence: str = "") -> bool:
        """Record a look into a folder, and its obstacle; return whether that is new."""
        kept = sentence[:MAX_SENTENCE_CHARS]
        changed = bool(self.filter(place=place).exclude(sentence=kept).update(sentence=kept))
        fields = {"looked_at": timezone.now()}
        _inbox, is_new = self.update_or_create(
            place=place, defaults=fields, create_defaults=fields | {"sentence": kept}
        )
        return changed or (is_new and bool(sentence))


class Inbox(models.Model):
    #: A path of this machine, or "drive:" and a folder's id.
    place = models.CharField(_("folder"), max_length=500, unique=True)
    #: How far its list of changes was read; written in the transaction that makes the rows of what was in it.
    token = models.CharField(max_length=200, blank=True, editable=False)
    #: The shared drive in whose list that is; empty for the account's own.
    log = models.CharField(max_length=100, blank=True, editable=False)
    listed_at = models.DateTimeField(_("last full listing"), null=True, blank=True)
    looked_at = models.DateTimeField(_("last checked"), null=True, blank=True)
    sentence = models.TextField(_("problem"), blank=True)
    left_alone = models.CharField(_("ignored files"), max_length=500, blank=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("incoming folder")
        verbose_name_plural = _("incoming folders")

    def __str__(self) -> str:
        return self.place
