"""The page on which admins change the site's settings, section by section."""

import zoneinfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from people.access import requires
from people.models import Role, SiteSetting
from people.site_settings.changing import Change, ChangedMeanwhileError, apply
from people.site_settings.registry import REGISTRY, Section
from people.site_settings.rows import Row, read_form, sections


@requires(Role.ADMIN)
@require_safe
def settings_page(request: HttpRequest) -> HttpResponse:
    """Show every setting with its value, its default, and where the value comes from."""
    return _page(request, sections())


@requires(Role.ADMIN)
@require_POST
@sensitive_post_parameters()
def settings_save(request: HttpRequest, section: str) -> HttpResponse:
    """Save one section, all of it or nothing; 409 if somebody else changed the same setting meanwhile."""
    drawn = sections()
    chosen = next((one for one in drawn if one.value == section), None)
    if chosen is None:
        raise Http404
    rows = drawn[chosen]
    changes = read_form(rows, request.POST)
    if any(row.error for row in rows):
        return _page(request, drawn, status=422)
    try:
        apply(changes, request.user)
    except ChangedMeanwhileError as error:
        return _lost(request, drawn, error)
    if changes:
        messages.success(request, _("Saved."))
    else:
        messages.info(request, _("Nothing to save."))
    return redirect(_address_of(chosen))


@requires(Role.ADMIN)
@require_POST
def setting_reset(request: HttpRequest) -> HttpResponse:
    """Set one setting back to its default; 409 if somebody else changed it meanwhile."""
    name, _space, seen = request.POST.get("setting", "").partition(" ")
    setting = REGISTRY.get(name)
    if setting is None:
        raise Http404
    try:
        apply([Change(setting, None, seen)], request.user)
    except ChangedMeanwhileError as error:
        return _lost(request, sections(), error)
    messages.success(request, _("Back to default: %(title)s.") % {"title": setting.title})
    return redirect(_address_of(setting.section))


def _address_of(section: Section) -> str:
    return f"{reverse('people:settings')}#{section.value}"


def _lost(request: HttpRequest, drawn: dict[Section, list[Row]], error: ChangedMeanwhileError) -> HttpResponse:
    """Answer with the fresh page, and what somebody else did to that setting."""
    stored = SiteSetting.objects.select_related("changed_by").filter(pk=error.setting.name).first()
    for row in (row for rows in drawn.values() for row in rows if row.setting is error.setting):
        row.typed, row.stored = None, stored
        row.__dict__.pop("value", None)  # read before, of the row that was there then
        row.error = _says_who(stored)
    return _page(request, drawn, status=409)


def _says_who(stored: SiteSetting | None) -> str:
    if stored is None:
        return _("Somebody set this back to its default meanwhile. Nothing was saved.")
    told = {"name": stored.changed_by or _("Somebody"), "at": date_format(localtime(stored.changed_at), "H:i")}
    return _("%(name)s changed this at %(at)s. Nothing was saved. Check it and save again.") % told


@never_cache
def _page(request: HttpRequest, drawn: dict[Section, list[Row]], *, status: int = 200) -> HttpResponse:
    context = {
        "sections": [(section, rows, any(not row.is_fixed for row in rows)) for section, rows in drawn.items()],
        "n_errors": sum(bool(row.error) for rows in drawn.values() for row in rows),
        "zones": sorted(zoneinfo.available_timezones()),
    }
    return render(request, "people/settings.html", context, status=status)
