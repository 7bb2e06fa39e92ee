"""View of the library: all clips, filtered and searched, as a grid or a list. The address holds the whole query."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, replace_url

from clips.archive import outage
from clips.archive.status import set_copy_statuses
from clips.library import ordering
from clips.library.facets import TITLES, facet_of, facets_of
from clips.library.filters import ClipFilter
from clips.library.pagination import WidePaginator
from clips.models import FinalClip
from people.access import requires
from people.models import Role
from people.naming.picking import typed_in
from trickyclip.shared.whole_pages import part_of

PER_PAGE = 48
VIEWS = ("grid", "list")
#: Filters that take several values, in repeated parameters.
MANY = (*TITLES, "clip")
FILTERS = ("q", "date", "date_from", "date_to", *MANY)
#: What an address leaves out, because it goes without saying.
UNSAID = {"sort": ordering.NEWEST, "view": VIEWS[0]}

#: A query of the library: text by name, and for filters of several values a list.
Asked = dict[str, str | list[str]]


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
        "query": query_of(asked),
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
        context |= {"facets": facets_of(asked), "orders": ordering.CHOICES, "order": asked.get("sort", ordering.NEWEST)}
        response = render(request, "clips/library/library.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])  # or Back could show the results alone
    return response


@requires(Role.VIEWER)
@require_safe
@part_of("clips:library")
def library_facet(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with one facet, counted; or with its choices that ``?find=`` may mean, while somebody types."""
    if name not in TITLES:
        raise Http404
    find = typed_in(request, "find") if request.htmx.trigger_name == "find" else ""
    part = "_facet_choices" if request.htmx.trigger_name == "find" else "_facet"
    return render(request, f"clips/library/{part}.html", {"facet": facet_of(name, asked_for(request.GET), find)})


def asked_for(query: QueryDict) -> Asked:
    """Return the meaningful parts of the query in one order, so that the same query has the same address."""
    asked: Asked = {name: query.get(name, "").strip() for name in (*FILTERS, *UNSAID)}
    asked |= {name: sorted({value.strip() for value in query.getlist(name)} - {""}) for name in MANY}
    if asked["view"] not in VIEWS:
        asked["view"] = VIEWS[0]
    return {name: value for name, value in asked.items() if value and value != UNSAID.get(name)}


def query_of(asked: Mapping[str, object]) -> str:
    """Return a query as an address writes it."""
    return urlencode(asked, doseq=True)


def is_part(request: HttpRequest) -> bool:
    """Return whether HTMX asks for the changed part; going back it wants the whole page."""
    return bool(request.htmx) and not request.htmx.history_restore_request


def library_address(query: str) -> str:
    """Return the address of the current library query."""
    return f"{reverse('clips:library')}?{query}" if query else reverse("clips:library")
