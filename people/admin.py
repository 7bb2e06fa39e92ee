"""Admin pages of people (for curators), and of members, their links and tokens (for admins only)."""

from collections.abc import Iterator

from django import forms
from django.contrib import admin, messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.models import Group
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from people.audit import Action, AuditedAdmin, note
from people.leaving import erase, take_out_rider
from people.merge_admin import MergeAdmin
from people.models import (
    ApiToken,
    AuditEntry,
    Invite,
    LastAdminError,
    Member,
    Person,
    PersonAlias,
    Role,
    SecondFactor,
)
from people.person_forms import PersonAliasForm, PersonForm
from people.rename_admin import RenameAdmin

admin.site.unregister(Group)  # what a member may do follows from their role


class PersonAliasInline(admin.TabularInline):
    model = PersonAlias
    form = PersonAliasForm
    extra = 1


@admin.register(Person)
class PersonAdmin(RenameAdmin, MergeAdmin):
    form = PersonForm
    inlines = [PersonAliasInline]
    list_display = ["display_name", "slug", "also_called", "clips", "created_at"]
    list_per_page = 50
    search_fields = ["display_name", "slug", "aliases__name"]
    actions = [*MergeAdmin.actions, "take_out"]

    @admin.action(description=_("Take out of the library …"), permissions=["delete"])
    def take_out(self, request: HttpRequest, people: QuerySet) -> HttpResponse | None:
        """Ask, then take riders out of all clips and delete their names, as when they ask for it."""
        if "confirmed" not in request.POST:
            for person in people:
                ways = (person.clips, person.also_in)  # who names the file is not among the others of a clip
                person.n_clips = sum(clips.filter(is_current=True).count() for clips in ways)
            context = {
                **self.admin_site.each_context(request),
                "title": _t("Take out of the library"),
                "opts": self.opts,
                "people": people,
            }
            return TemplateResponse(request, "admin/take_out.html", context)
        for person in people:
            take_out_rider(person, request.user)
            text = _t("A rider was taken out of the library. File names follow in the background.")
            self.message_user(request, text, messages.SUCCESS)
        return None


class MemberForm(forms.ModelForm):
    class Meta:
        model = Member
        fields = ["role"]

    def clean_role(self) -> str:
        role = self.cleaned_data["role"]
        try:
            if role != Role.ADMIN:
                self.instance.check_not_last_admin()
        except LastAdminError as error:
            raise forms.ValidationError(str(error)) from error
        return role


@admin.register(Member)
class MemberAdmin(admin.ModelAdmin):
    """People who may log in. Members join only by invite links, and are removed instead of deleted."""

    form = MemberForm
    fields = ["username", "role", "is_active", "date_joined", "last_login"]
    readonly_fields = ["username", "is_active", "date_joined", "last_login"]
    list_display = ["username", "role", "is_active", "has_factor", "n_tokens", "date_joined", "last_login"]
    list_filter = ["is_active", "role"]
    search_fields = ["username"]
    actions = ["make_password_link", "end_logins", "reset_second_factor", "remove", "let_back_in", "erase"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        confirmed = SecondFactor.objects.confirmed().filter(member=OuterRef("pk"))
        return super().get_queryset(request).annotate(n_tokens=Count("tokens"), has_factor=Exists(confirmed))

    def save_model(self, request: HttpRequest, obj: Member, form: MemberForm, change: bool) -> None:
        if "role" in form.changed_data:
            before, role = form.initial["role"], form.cleaned_data["role"]
            obj.give_role(role)
            note(Action.ROLE_GIVEN, obj, before=before, after=role)
            if obj == request.user:
                update_session_auth_hash(request, obj)

    @admin.display(description=_("second factor"), boolean=True, ordering="has_factor")
    def has_factor(self, member: Member) -> bool:
        return member.has_factor

    @admin.display(description=_("API tokens"), ordering="n_tokens")
    def n_tokens(self, member: Member) -> int:
        return member.n_tokens

    @admin.action(description=_("Create a password reset link"))
    def make_password_link(self, request: HttpRequest, members: QuerySet) -> None:
        for member in members:
            if not member.is_active:
                text = _t("%(name)s is removed. Let them back in first.") % {"name": member}
                self.message_user(request, text, messages.ERROR)
                continue
            _invite, secret = Invite.objects.issue(role=member.role, created_by=request.user, member=member)
            sentence = _t("Password reset link for %(name)s:") % {"name": member}
            show_link_once(request, sentence, secret)
            note(Action.LINK_MADE, member)
            self.log_change(request, member, _t("Created a password reset link."))

    @admin.action(description=_("Log out everywhere"))
    def end_logins(self, request: HttpRequest, members: QuerySet) -> None:
        for member in members:
            member.end_logins()
            note(Action.LOGINS_ENDED, member)
            if member == request.user:
                update_session_auth_hash(request, member)
            self.message_user(request, _t("%(name)s is logged out everywhere.") % {"name": member}, messages.SUCCESS)
            self.log_change(request, member, _t("Logged out everywhere."))

    @admin.action(description=_("Reset the second factor"))
    def reset_second_factor(self, request: HttpRequest, members: QuerySet) -> None:
        """Turn the second factor off for a member who lost both phone and recovery codes."""
        for member in members:
            if not SecondFactor.objects.drop(member):
                text = _t("%(name)s has no second factor.") % {"name": member}
                self.message_user(request, text, messages.WARNING)
                continue
            note(Action.FACTOR_RESET, member)
            text = _t("The second factor of %(name)s is off. They can now log in with the password alone.") % {
                "name": member
            }
            self.message_user(request, text, messages.SUCCESS)
            self.log_change(request, member, _t("Reset the second factor."))

    @admin.action(description=_("Remove from the crew"))
    def remove(self, request: HttpRequest, members: QuerySet) -> None:
        for member in members:
            if member == request.user:
                text = _t("You cannot remove yourself. Ask another admin.")
                self.message_user(request, text, messages.ERROR)
                continue
            try:
                member.remove()
            except LastAdminError as error:
                self.message_user(request, str(error), messages.ERROR)
                continue
            note(Action.REMOVED, member)
            text = _t("%(name)s is removed and logged out everywhere. Their tokens and links no longer work.") % {
                "name": member
            }
            self.message_user(request, text, messages.SUCCESS)
            self.log_change(request, member, _t("Removed from the crew."))

    @admin.action(description=_("Let back in"))
    def let_back_in(self, request: HttpRequest, members: QuerySet) -> None:
        for member in members:
            if member.let_back_in():
                note(Action.LET_BACK_IN, member)
                text = _t("%(name)s can log in again.") % {"name": member}
                self.message_user(request, text, messages.SUCCESS)
                self.log_change(request, member, _t("Let back in."))

    @admin.action(description=_("Erase: login, tokens and name, for good"))
    def erase(self, request: HttpRequest, members: QuerySet) -> None:
        """Erase removed members; it cannot be taken back, so a member is removed first."""
        for member in members:
            if member.is_active:
                text = _t("Remove %(name)s from the crew first. Erasing can’t be undone.") % {"name": member}
                self.message_user(request, text, messages.ERROR)
                continue
            erase(member)
            text = _t("Erased. What they did is a former member’s now.")
            self.message_user(request, text, messages.SUCCESS)


@admin.register(Invite)
class InviteAdmin(AuditedAdmin):
    """Invite links. A link is made with a role, shown once, and revoked by deleting it."""

    list_display = ["__str__", "role", "created_by", "created_at", "expires_at", "used_at"]
    list_select_related = ["member", "created_by"]
    list_filter = ["role", ("used_at", admin.EmptyFieldListFilter)]

    def get_fields(self, request: HttpRequest, obj: Invite | None = None) -> list[str]:
        return ["role", "member", "created_by", "created_at", "expires_at", "used_at"] if obj else ["role"]

    def has_change_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invite, form: forms.ModelForm, change: bool) -> None:
        invite, secret = Invite.objects.issue(role=obj.role, created_by=request.user)
        obj.pk = invite.pk
        obj.refresh_from_db()
        show_link_once(request, _t("Send this invite link. It works once:"), secret)

    def response_add(self, request: HttpRequest, obj: Invite, *args, **kwargs) -> HttpResponse:
        return redirect("admin:people_invite_changelist")


@admin.register(ApiToken)
class ApiTokenAdmin(AuditedAdmin):
    """Everybody's tokens. Their owners make them; here they are revoked by deleting them."""

    fields = ["member", "name", "scope", "created_at", "expires_at", "last_used_at"]
    list_display = ["name", "member", "scope", "created_at", "expires_at", "last_used_at"]
    list_filter = ["scope"]
    list_select_related = ["member"]
    search_fields = ["name", "member__username"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        return False


class ActionFilter(admin.AllValuesFieldListFilter):
    """Filter by action, in words."""

    def choices(self, changelist) -> Iterator[dict]:
        for choice in super().choices(changelist):
            known = choice["display"] in Action.values
            yield choice | {"display": Action(choice["display"]).label if known else choice["display"]}


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """The audit trail. Read-only for admins; the database itself enforces that."""

    fields = ["at", "actor_name", "does", "target_name", "target_type", "target_id", "address", "details"]
    readonly_fields = ["at", "does"]
    list_display = ["at", "actor_name", "does", "target_name", "target_type", "address"]
    list_filter = ["at", ("action", ActionFilter), "target_type"]
    list_per_page = 100
    search_fields = ["actor_name", "target_name", "target_id", "address"]
    show_full_result_count = False  # it grows without end

    @admin.display(description=_("action"), ordering="action")
    def does(self, entry: AuditEntry) -> str:
        return entry.does

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        return False


def show_link_once(request: HttpRequest, sentence: str, secret: str) -> None:
    """Show the link on the next page that this admin opens; it cannot be read anywhere afterwards."""
    link = request.build_absolute_uri(reverse("people:join", args=[secret]))
    messages.success(request, format_html("{} <code>{}</code>", sentence, link))
