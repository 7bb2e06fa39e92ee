"""Admin pages of notification channels, for admins only, and of the notices sent to them."""

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from clips.admin.record import RecordAdmin
from clips.models import ChannelKind, Notice, NoticeChannel, NoticeKind
from clips.models.notice import PURPOSE
from clips.notifications.connection import RefusedAddressError, check_url
from clips.notifications.delivery import Outcome, deliver
from people import sealed
from people.audit import AuditedAdmin
from people.models import Role


class ChannelForm(forms.ModelForm):
    target = forms.CharField(
        label=_("Address"),
        widget=AdminTextInputWidget,
        required=False,
        max_length=1000,
        help_text=_(
            "The webhook's address, or e-mail addresses separated by commas. Never shown again. Leave empty to keep it."
        ),
    )
    secret = forms.CharField(
        label=_("Secret"),
        widget=AdminTextInputWidget,
        required=False,
        max_length=200,
        help_text=_("Signs the JSON for your own webhook, so that it can verify the sender. Leave empty to keep it."),
    )
    wants = forms.MultipleChoiceField(
        label=_("Notify about"),
        choices=NoticeKind.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=NoticeKind.values,
    )

    class Meta:
        model = NoticeChannel
        fields = ["name", "kind", "target", "secret", "wants", "is_on"]

    def clean(self) -> dict:
        asked = super().clean()
        kind, target = asked.get("kind"), asked.get("target", "").strip()
        if target and kind == ChannelKind.EMAIL:
            for address in target.split(","):
                self._check("target", lambda address=address: validate_email(address.strip()))
        elif target:
            self._check("target", lambda: check_url(target, private=settings.NOTICE_PRIVATE_ADDRESSES))
        elif self.instance.pk is None or "kind" in self.changed_data:
            self.add_error("target", _t("Enter an address for the notices."))
        return asked

    def _check(self, field: str, check) -> None:
        try:
            check()
        except (ValidationError, RefusedAddressError) as error:
            self.add_error(field, str(error) if isinstance(error, RefusedAddressError) else error)

    def save(self, commit: bool = True) -> NoticeChannel:
        channel, asked = self.instance, self.cleaned_data
        if target := asked["target"].strip():
            channel.sealed_target = sealed.seal(target, PURPOSE)
            channel.shown_target = shown(asked["kind"], target)
        if asked["secret"]:
            channel.sealed_secret = sealed.seal(asked["secret"], PURPOSE)
        return super().save(commit)


def shown(kind: str, target: str) -> str:
    """Return the part of an address that may be shown: with a webhook's full address anybody can post there."""
    if kind == ChannelKind.EMAIL:
        return target[:100]
    return f"{target.partition('://')[2].partition('/')[0].partition('?')[0]}/…"[:100]


@admin.register(NoticeChannel)
class NoticeChannelAdmin(AuditedAdmin):
    """For admins only, since notices about the crew go to these addresses."""

    form = ChannelForm
    list_display = ["name", "kind", "shown_target", "is_on", "last"]
    readonly_fields = ["shown_target"]
    fields = ["name", "kind", "shown_target", "target", "secret", "wants", "is_on"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        newest = Notice.objects.order_by("channel_id", "-created_at").distinct("channel_id")
        return super().get_queryset(request).prefetch_related(models.Prefetch("notices", newest, to_attr="newest"))

    @admin.display(description=_("last notice"))
    def last(self, channel: NoticeChannel) -> str:
        for last in channel.newest:
            return f"{last.get_state_display()}: {last.reason or last.title}"[:80]
        return "–"

    def get_urls(self) -> list:
        trial = self.admin_site.admin_view(require_POST(self.trial))
        return [path("<int:pk>/trial/", trial, name="clips_noticechannel_trial"), *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.may(Role.ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.may(Role.ADMIN)

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission

    def trial(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a test notice now, and show the answer."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        channel = get_object_or_404(NoticeChannel, pk=pk)
        words = {"title": _t("Test notice"), "text": _t("Sent by %(name)s.") % {"name": request.user}, "path": "/"}
        delivery = deliver(
            Notice(kind=NoticeKind.DAILY, subject="trial", channel=channel, created_at=timezone.now(), **words)
        )
        has_arrived = delivery.outcome == Outcome.ARRIVED
        said = _t("Delivered. %(says)s") if has_arrived else _t("Not delivered, as far as known. %(says)s")
        self.message_user(
            request, said % {"says": delivery.says}, messages.SUCCESS if has_arrived else messages.ERROR
        )  # fmt: skip
        return redirect("admin:clips_noticechannel_change", pk)


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    fields = ["title", "text", "kind", "channel", "state", "reason", "attempts", "created_at", "run_after", "ended_at"]
    list_display = ["title", "kind", "channel", "state", "reason", "created_at"]
    list_select_related = ["channel"]
    list_filter = ["state", "kind"]

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.may(Role.ADMIN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.may(Role.ADMIN)
