"""Answers all style sheets as one file, under an address that changes with each of them."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from trickyclip.shared import styles

FOR_GOOD = "public, max-age=315360000, immutable"


@require_safe
def stylesheet(_request: HttpRequest, version: str) -> HttpResponse:
    """Answer the sheet of this version; another one's pages are not there any more."""
    if version != styles.version():
        raise Http404
    response = HttpResponse(styles.joined(), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = FOR_GOOD
    return response
