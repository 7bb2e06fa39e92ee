"""How bodies are read."""

from typing import BinaryIO

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class ShallowJSONParser(JSONParser):
    """JSON of which Python's reader says that it is nested too deep is the sender's fault, and no fault of ours."""

    def parse(self, stream: BinaryIO, media_type: str | None = None, parser_context: dict | None = None) -> object:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError(_("This JSON is nested too deep.")) from error
