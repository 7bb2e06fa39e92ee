"""View of the library: all clips, filtered and searched, as a grid or a list. The address holds the whole query."""

from collections.abc import Mapping
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.http import push_url, replace_url

from clips.library import columns, ordering, spelling
from clips.library.asked import FILTERS, VIEWS, Asked, asked_for, library_address, query_of
from clips.library.facets import TITLES, facet_of, facets_of
from clips.library.filters import ClipFilter
from clips.library.pagination import WidePaginator
from clips.library.saved_views import saved_views_context
from clips.models import FinalClip
from people.access import requires
from people.models import Member, Role
from people.naming.picking import typed_in
from trickyclip.shared.whole_pages import part_of

PER_PAGE = 48


@requires(Role.VIEWER)
@require_safe
def library(request: HttpRequest) -> HttpResponse:
    """Show a page of the clips that match the query; HTMX gets only the results."""
    asked = asked_for(request.GET)
    found, pages, corrected = _found_or_meant(request.GET, asked, request.user)
    status = 200 if found.is_valid() else 422
    context = {
        "asked": asked,
        # What links lead to and a selection means is the search that was shown.
        "query": query_of(asked | {"q": corrected} if corrected else asked),
        "errors": found.errors,
        "corrected": corrected,
        "n_filters": sum(name in asked for name in FILTERS),
        "page": pages.get_page(request.GET.get("page")),
        "view": asked.get("view", VIEWS[0]),
    }
    context |= saved_views_context(request.user, context["query"])
    if context["view"] == "list":
        context |= columns.list_context(context["page"].object_list, asked, request.COOKIES.get(columns.COOKIE))
    if is_part(request):
        response = render(request, "clips/library/_library_results.html", context, status=status)
        # Somebody who types goes back to where they began, not through every letter.
        note = replace_url if request.htmx.trigger_name == "q" else push_url
        note(response, library_address(query_of(asked)))
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
    return render(
        request, f"clips/library/{part}.html", {"facet": facet_of(name, asked_for(request.GET), find, request.user)}
    )


def _found_or_meant(query: QueryDict, asked: Asked, member: Member) -> tuple[ClipFilter, WidePaginator, str]:
    """Return what a query finds; or what it finds well spelt, and how that is, where it finds nothing."""
    found, pages = _found(query, member)
    if "q" in asked and not pages.count and (meant := spelling.corrected(asked["q"])):
        found_meant, pages_meant = _found(asked | {"q": meant}, member)
        if pages_meant.count:
            return found_meant, pages_meant, meant
    return found, pages, ""


def _found(query: Mapping, member: Member) -> tuple[ClipFilter, WidePaginator]:
    found = ClipFilter(query, FinalClip.objects.all(), member=member)
    shown = FinalClip.objects.with_names().with_pictures().with_hearts(member)
    if query.get("view") != "list":
        shown = FinalClip.objects.for_cards(member)
    clips = found.qs
    order = found.form.cleaned_data.get("sort") or ordering.NEWEST
    return found, WidePaginator(clips, PER_PAGE, whole=shown, span=partial(ordering.span, name=order))


def is_part(request: HttpRequest) -> bool:
    """Return whether HTMX asks for the changed part; going back it wants the whole page."""
    return bool(request.htmx) and not request.htmx.history_restore_request
