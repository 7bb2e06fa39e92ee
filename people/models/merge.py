"""Merges of two riders or two tricks: what each changed, so that it can be undone."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Merge(models.Model):
    """One merge. Rows are kept by their ids, lists by their entries; an undo gives back what nobody changed since."""

    kind = models.CharField(_("kind"), max_length=60, help_text=_("The model, as people.person."))
    merged = models.CharField(_("merged row’s id"), max_length=60, db_index=True)
    merged_name = models.CharField(_("merged"), max_length=200)
    survivor = models.CharField(_("survivor’s id"), max_length=60)
    survivor_name = models.CharField(_("into"), max_length=200)
    #: The merged row as JSON, and its aliases.
    row = models.TextField(editable=False)
    aliases = models.JSONField(default=list, editable=False)
    #: Aliases that the survivor got by it.
    new_aliases = models.JSONField(default=list, editable=False)
    #: Ids of rows that refer to the survivor instead, by relation.
    moved = models.JSONField(default=dict, editable=False)
    #: Entries of lists that went because they would have named the survivor twice: [owner, listed row], by relation.
    dropped = models.JSONField(default=dict, editable=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("when"), auto_now_add=True)
    undone_at = models.DateTimeField(_("undone"), null=True, editable=False)

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.merged_name} → {self.survivor_name}"

    def mark_undone(self) -> bool:
        """Note that the merge is undone; False if it was before."""
        return bool(Merge.objects.filter(pk=self.pk, undone_at=None).update(undone_at=timezone.now()))
