"""Knows which security headers each answer has to carry, and what is wrong with those of one."""

EXACT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
RULES = ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")
#: Said where everything goes over HTTPS (``SECURE_HSTS_SECONDS``).
HSTS_S = 31_536_000
#: May be kept by whoever sits between; nothing else.
PUBLIC = ("/static/",)


def faults(response) -> list[str]:
    """Return what is wrong with an answer's headers, in a few words each."""
    headers = response.headers
    found = [f"{name}: {headers.get(name)}" for name, value in EXACT.items() if headers.get(name) != value]
    policy = headers.get("Content-Security-Policy", "")
    found += [rule for rule in RULES if rule not in policy]
    found += [word for word in ("unsafe", "http:", "https:", "*") if word in policy]
    if headers.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        found.append("Referrer-Policy")
    if "camera=()" not in headers.get("Permissions-Policy", ""):
        found.append("Permissions-Policy")
    kept = headers.get("Cache-Control", "")
    if not response.request["PATH_INFO"].startswith(PUBLIC) and not ("private" in kept or "no-store" in kept):
        found.append(f"Cache-Control: {kept}")
    if "Access-Control-Allow-Origin" in headers:
        found.append("Access-Control-Allow-Origin")
    if not headers.get("Strict-Transport-Security", "").startswith(f"max-age={HSTS_S}"):
        found.append("Strict-Transport-Security")
    return found
