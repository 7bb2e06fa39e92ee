"""Admin pages of comments and reactions. They are written, let through and deleted on the pages of the site."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from clips.admin.record import RecordAdmin, row_link
from clips.models import Comment, FinalClip, Reaction


class TalkAdmin(RecordAdmin):
    """Rows about a clip in all its versions, or about an edit. From where a guest spoke is shown to nobody."""

    list_select_related = ["reel", "member", "link__reel", "link__shoot"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]

    @admin.display(description=_("about"))
    def about(self, row: Comment | Reaction) -> str:
        return str(row.reel or row.lineage)

    @admin.display(description=_("about"))
    def subject(self, row: Comment | Reaction) -> str:
        return row_link(row.reel or FinalClip.objects.filter(lineage=row.lineage).order_by("-is_current").first())


@admin.register(Comment)
class CommentAdmin(TalkAdmin):
    fields = ["subject", "text", "name", "member", "is_guest", "link", "state", "created_at"]
    list_display = ["created_at", "name", "is_guest", "about", "text", "state"]
    list_filter = ["state", "is_guest"]
    search_fields = ["text", "name"]


@admin.register(Reaction)
class ReactionAdmin(TalkAdmin):
    fields = ["subject", "kind", "member", "of_guest", "link", "created_at"]
    list_display = ["created_at", "kind", "member", "of_guest", "about"]
    list_filter = ["kind"]
    search_fields = ["member__username", "reel__name"]

    @admin.display(description=_("of a guest"), boolean=True)
    def of_guest(self, reaction: Reaction) -> bool:
        return reaction.member_id is None
