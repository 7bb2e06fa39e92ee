"""Views of links to edits, sessions and selected clips, for members: make one, list them, revoke one."""

from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clips.models import CollectionLink, Reel, Shoot
from clips.reels import sharing
from clips.reels.forms import ClipsLinkForm, LinkWishForm
from clips.sharing.links import NotSharableError
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of

PER_PAGE = 30


@requires(Role.SORTER)
@require_safe
@never_cache
def collection_links(request: HttpRequest) -> HttpResponse:
    """List the open links of edits, sessions and selected clips: one's own, and everybody's for curators."""
    links = CollectionLink.objects.open().select_related("reel", "shoot", "created_by")
    if not request.user.may(Role.CURATOR):
        links = links.filter(created_by=request.user)
    page = Paginator(links.order_by("-created_at", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "clips/reels/links.html", {"page": page})


@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters("password")
@sensitive_variables("secret", "new_link", "form")
@part_of(lambda kind, pk: f"{reverse(_page_of(kind), args=[pk])}#links")
def links_of(request: HttpRequest, kind: str, pk: UUID) -> HttpResponse:
    """Show the open links of an edit or a session; POST makes another one, and shows it once."""
    shown = _thing(kind, pk)
    if request.method != "POST":
        return _answer_panel(request, shown)
    form = LinkWishForm(request.POST)
    if not form.is_valid():
        return _answer_panel(request, shown, form=form, status=422)
    _link, secret = sharing.make_link(request.user, form.wish(), of=shown)
    return _answer_panel(request, shown, new_link=_address(request, secret))


@requires(Role.SORTER)
@require_POST
@sensitive_post_parameters("password")
@sensitive_variables("secret", "form")
def clips_link(request: HttpRequest) -> HttpResponse:
    """Make a link to the selected clips; answer with a toast that shows it once."""
    form = ClipsLinkForm(request.POST)
    if not form.is_valid():
        sentences = [str(said) for errors in form.errors.values() for said in errors]
        return render(request, "clips/library/_bulk_plan.html", {"errors": sentences}, status=422)
    lineages = form.selection().clips(request.user).values_list("lineage", flat=True)
    try:
        link, secret = sharing.make_link(request.user, form.wish(), of=lineages)
    except NotSharableError as error:
        return render(request, "clips/library/_bulk_plan.html", {"errors": [str(error)]}, status=409)
    context = {"link": link, "new_link": _address(request, secret)}
    return render(request, "clips/reels/_link_toast.html", context)


@requires(Role.SORTER)
@require_POST
def collection_link_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Revoke a link; answer with what stands in its place."""
    link = get_object_or_404(CollectionLink.objects.select_related("reel", "shoot"), pk=pk)
    sharing.end_link(link)
    return render(request, "clips/reels/_link_ended.html", {"link": link})


def _page_of(kind: str) -> str:
    if kind not in {"edit", "session"}:
        raise Http404
    return "clips:reel" if kind == "edit" else "clips:session"


def _thing(kind: str, pk: UUID) -> Reel | Shoot:
    _page_of(kind)
    rows: QuerySet = Reel.objects.in_use() if kind == "edit" else Shoot.objects.in_use()
    return get_object_or_404(rows, pk=pk)


def _address(request: HttpRequest, secret: str) -> str:
    return request.build_absolute_uri(reverse("clips:shared_many", args=[secret]))


def _answer_panel(
    request: HttpRequest,
    shown: Reel | Shoot,
    *,
    form: LinkWishForm | None = None,
    status: int = 200,
    new_link: str = "",
) -> HttpResponse:
    links = shown.links.open().select_related("created_by", "reel", "shoot")
    kind = "edit" if isinstance(shown, Reel) else "session"
    context = {"kind": kind, "shown": shown, "links": links, "form": form or LinkWishForm(), "new_link": new_link}
    context["problem"] = _("Check the fields.") if form else ""
    return render(request, "clips/reels/_links.html", context, status=status)
