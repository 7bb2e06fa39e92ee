"""Reports the site's own errors to Sentry if a setting names one; otherwise nothing is loaded or sent.

A report contains the error, its place in the code, and the request, job and task. It leaves out what people typed or
uploaded: no bodies, no cookies, no values of variables, no addresses of clients; and the rest goes through the same
redaction as the log.
"""

from collections.abc import Callable

from trickyclip.shared import logs
from trickyclip.shared.redact import redact

#: Of a request's headers these alone are told.
HEADERS_TOLD = {"accept", "content-length", "content-type", "host", "user-agent"}
#: Of an event these are never told: the client, what it sent, what the machine is called.
NEVER_TOLD = ("user", "server_name", "extra", "modules")


def start(dsn: str, *, release: str) -> None:
    """Report errors from now on, in this process and those that it forks."""
    if not dsn:
        return
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=dsn,
        release=release or None,
        integrations=[DjangoIntegration(transaction_style="function_name"), CeleryIntegration()],
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=20,
        traces_sample_rate=None,
        before_send=scrubbed,
        before_breadcrumb=lambda crumb, _hint: _each_text(crumb, redact),
    )


def scrubbed(event: dict, _hint: dict) -> dict:
    """Return an event without anything private."""
    for name in NEVER_TOLD:
        event.pop(name, None)
    request = event.get("request", {})
    for name in ("data", "cookies", "env", "query_string"):
        request.pop(name, None)
    told = request.get("headers", {})
    request["headers"] = {name: value for name, value in told.items() if name.lower() in HEADERS_TOLD}
    event["tags"] = {**event.get("tags", {}), **{name: value for name, value in logs.facts_now().items() if value}}
    event.get("contexts", {}).pop("celery-job", None)  # names the task's arguments
    return _each_text(event, redact)


def _each_text(thing: object, change: Callable[[str], str]) -> object:
    if isinstance(thing, str):
        return change(thing)
    if isinstance(thing, dict):
        return {name: _each_text(value, change) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_each_text(value, change) for value in thing]
    return thing
