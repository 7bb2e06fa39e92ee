"""Searches of the library that were saved under a name: one's own, and those of the crew."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from people.models import Member, Role
from people.naming.fields import NameField

MAX_QUERY = 2000


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def shown_to(self, member: Member) -> "SavedViewQuerySet":
        """Return the crew's views and the member's own, as the library lists them."""
        return self.filter(Q(is_crews=True) | Q(member=member)).order_by("-is_crews", Lower("name"))

    def named(self, name: str, *, member: Member, is_crews: bool) -> "SavedViewQuerySet":
        """Return the view that saving under this name replaces."""
        whose = Q(is_crews=True) if is_crews else Q(is_crews=False, member=member)
        return self.filter(whose, name__iexact=name)


class SavedView(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = NameField(_("name"), max_length=60)
    #: As in the library's address, so that the view is the search.
    query = models.CharField(_("search"), max_length=MAX_QUERY, blank=True)
    is_crews = models.BooleanField(_("for the whole crew"), default=False)
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="saved_views",
        verbose_name=_("saved by"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("saved"), auto_now_add=True)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(Lower("name"), condition=Q(is_crews=True), name="saved_view_name_once_in_the_crew"),
            models.UniqueConstraint(
                Lower("name"), "member", condition=Q(is_crews=False), name="saved_view_name_once_a_member"
            ),
        ]

    def __str__(self) -> str:
        return str(self.name)

    def may_be_changed_by(self, member: Member) -> bool:
        """Return whether a member may replace or delete it: one's own, and as a curator the crew's."""
        return self.member_id == member.pk or (self.is_crews and member.may(Role.CURATOR))
