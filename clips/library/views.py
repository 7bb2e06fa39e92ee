"""View of the library: all clips, filtered and searched, as a grid or a list. The address holds the whole query."""

from collections import defaultdict
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, replace_url

from clips.archive import outage
from clips.archive.status import set_copy_statuses
from clips.library import ordering
from clips.library.filters import UNTAGGED, ClipFilter
from clips.library.pagination import WidePaginator
from clips.models import CameraName, ClipCategory, FinalClip, Shoot
from clips.models.camera import camera_name, rate_name
from people.access import requires
from people.models import Person, Role
from tricks.models import Trick

PER_PAGE = 48
VIEWS = ("grid", "list")
FILTERS = ("q", "date", "date_from", "date_to", "session", "person", "trick", "untagged", "category", "camera", "fps")
#: What an address leaves out, because it goes without saying.
UNSAID = {"sort": ordering.NEWEST, "view": VIEWS[0]}


@requires(Role.VIEWER)
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Show a page of the clips that match the query; HTMX gets only the results."""
    found = ClipFilter(request.GET, queryset=FinalClip.objects.all())
    pages = WidePaginator(found.qs, PER_PAGE, whole=FinalClip.objects.with_names().with_pictures())
    status = 200 if found.is_valid() else 422
    asked = asked_for(request.GET)
    context = {
        "asked": asked,
        "query": urlencode(asked),
        "errors": found.errors,
        "corrected": found.corrected,
        "n_filters": sum(name in asked for name in FILTERS),
        "page": pages.get_page(request.GET.get("page")),
        "view": asked.get("view", VIEWS[0]),
    }
    if context["view"] == "list":
        set_copy_statuses(context["page"].object_list, outage.current_outage())
    if is_part(request):
        response = render(request, "clips/library/_library_results.html", context, status=status)
        # Somebody who types goes back to where they began, not through every letter.
        note = replace_url if request.htmx.trigger_name == "q" else push_url
        note(response, library_address(context["query"]))
    else:
        response = render(request, "clips/library/library.html", context | {"choices": choices(asked)}, status=status)
    patch_vary_headers(response, ["HX-Request"])  # or Back could show the results alone
    return response


def asked_for(query: QueryDict) -> dict[str, str]:
    """Return the meaningful parts of the query in one order, so that the same query has the same address."""
    asked = {name: query.get(name, "").strip() for name in (*FILTERS, *UNSAID)}
    if asked["view"] not in VIEWS:
        asked["view"] = VIEWS[0]
    return {name: value for name, value in asked.items() if value and value != UNSAID.get(name)}


def is_part(request: HttpRequest) -> bool:
    """Return whether HTMX asks for the changed part; going back it wants the whole page."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def choices(asked: dict[str, str]) -> dict[str, list[tuple[str, str, bool]]]:
    """Return (value, text, whether chosen) for each menu; only values that some clip has."""
    current = FinalClip.objects.current().order_by()
    cameras = sorted(set(current.values_list("camera_id", "fps_label").distinct()))
    shoots = Shoot.objects.filter(Exists(current.filter(original_file__shoot=OuterRef("pk"))))
    tricks = Trick.objects.filter(Exists(current.filter(trick=OuterRef("pk"))))
    offered = {
        "session": [(str(shoot.pk), f"{shoot.name} · {shoot.date}") for shoot in shoots],
        "person": [(person.slug, person.display_name) for person in Person.objects.all()],
        "trick": [(trick.slug, str(trick)) for trick in tricks],
        "untagged": [(value, str(text)) for value, text in UNTAGGED],
        "category": [(value, str(text)) for value, text in ClipCategory.choices],
        "camera": _cameras(list(dict.fromkeys(camera for camera, _fps in cameras))),
        "fps": [(fps, rate_name(fps)) for fps in sorted({fps for _camera, fps in cameras}, key=_rate)],
        "sort": [(value, str(text)) for value, text in ordering.CHOICES],
    }
    return {name: menu(rows, asked.get(name, "")) for name, rows in offered.items()}


def menu(rows: list[tuple[str, str]], chosen: str) -> list[tuple[str, str, bool]]:
    """Mark the chosen value; one in the address that no menu offers (an alias, an old name) is offered as written."""
    known = any(value.casefold() == chosen.casefold() for value, _text in rows)
    if chosen and not known:
        rows = [*rows, (chosen, chosen)]
    return [(value, text, value.casefold() == chosen.casefold()) for value, text in rows]


def library_address(query: str) -> str:
    """Return the address of the current library query."""
    return f"{reverse('clips:library')}?{query}" if query else reverse("clips:library")


def _cameras(camera_ids: list[str]) -> list[tuple[str, str]]:
    """Return each camera with clips, followed by those of its kind that have their own names."""
    named = defaultdict(list)
    for own in CameraName.objects.filter(camera_id__in=camera_ids):
        named[own.camera_id].append(own)
    rows = []
    for camera_id in camera_ids:
        plain = camera_name(camera_id)
        of_kind = next((f"{own.name} · {plain}" for own in named[camera_id] if not own.serial), plain)
        rows.append((camera_id, of_kind))
        rows += [(own.name, f"{own.name} · {plain}") for own in named[camera_id] if own.serial]
    return rows


def _rate(fps_label: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdigit, fps_label))
    return int(digits or 0), fps_label
