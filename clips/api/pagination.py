"""Pages of the API's lists."""

from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request

#: Beyond what a column of PostgreSQL counts the question itself would be the fault.
LAST_OFFSET = 2**31


class Pages(LimitOffsetPagination):
    """``limit`` and ``offset``, both bounded."""

    default_limit = 50
    max_limit = 500

    def get_offset(self, request: Request) -> int:
        return min(super().get_offset(request), LAST_OFFSET)
