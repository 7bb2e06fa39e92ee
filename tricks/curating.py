"""The tricks' part of the curators' pages: their words, and how a typed trick is found."""

from django.utils.translation import gettext_lazy as _

from people.curating.kind import Kind
from tricks.forms import TrickAliasForm, TrickForm
from tricks.lookup import likely
from tricks.models import Trick


def _closest(typed: str, tricks: list[Trick]) -> list[Trick]:
    return [trick for _score, trick in likely(typed, tricks, limit=len(tricks))]


TRICKS = Kind(
    one="trick",
    many="tricks",
    namespace="tricks",
    model=Trick,
    form=TrickForm,
    alias_form=TrickAliasForm,
    closest=_closest,
    filter="trick",
    title=_("Tricks"),
    add_words=_("Add a trick"),
    empty_words=_("No tricks yet."),
    unknown_words=_("No trick is called “%(name)s”."),
)
