"""Answers direct visits to any address with a whole page, never with a fragment or a blank page."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url

SAFE_METHODS = frozenset({"GET", "HEAD"})
#: The header with which a page asks for a part of itself; htmx sends it always.
AS_A_PAGE_ASKS = {"HX-Request": "true"}


def part_of(page: str | Callable[..., str], *, at: str = "") -> Callable:
    """Redirect direct visitors of a page fragment to its page; pages themselves ask with ``HX-Request``.

    Parameters
    ----------
    page : str or callable
        The name of the page's route, or what returns its address from the view's arguments.
    at : str, optional
        The id of the element there that shows the part.
    """

    def mark(view: Callable) -> Callable:
        @wraps(view)
        def whole(request: HttpRequest, **kwargs) -> HttpResponse:
            if request.method not in SAFE_METHODS or request.headers.get("HX-Request"):
                return view(request, **kwargs)
            address = page(**kwargs) if callable(page) else resolve_url(page)
            return redirect(f"{address}#{at}" if at else address)

        return whole

    return mark


class NoBlankPageMiddleware:
    """Explains on a page that an address is for forms only, for example after a login in between."""

    def __init__(self, get_response: Callable) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_blank = response.status_code == 405 and not response.streaming and not response.content
        if not is_blank or request.method != "GET" or request.headers.get("HX-Request"):
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page
