"""Authentication in the API's OpenAPI description; imported by the API's urls, which registers it."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class RequestUserScheme(OpenApiAuthenticationExtension):
    """A token in a header, or the session of a logged-in member."""

    target_class = "people.access.RequestUserAuthentication"
    name = ["token", "session"]

    def get_security_definition(self, auto_schema) -> list[dict]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API token from your account page."},
            {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "Writes also need X-CSRFToken."},
        ]
