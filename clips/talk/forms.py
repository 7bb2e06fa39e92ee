"""Forms of what is said to a clip or an edit."""

import uuid

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.models import ReactionKind
from clips.models.talk import MAX_COMMENT, MAX_GUEST_NAME
from people.naming.spelling import clean_name


class WordsField(forms.CharField):
    """A text of some lines, of which a person sees something."""

    def to_python(self, value: object) -> str:
        said = super().to_python(value).replace("\r\n", "\n").strip()
        return said if clean_name(said) else ""


class ReactionForm(forms.Form):
    kind = forms.ChoiceField(choices=ReactionKind.choices)
    #: Of a clip on the page of a link; else it is about what the link shows.
    about = forms.UUIDField(required=False)


class CommentForm(forms.Form):
    """A comment and its key, which the page has from the server: sent twice, it is written once."""

    key = forms.UUIDField()
    text = WordsField(max_length=MAX_COMMENT, error_messages={"required": _("Write a comment.")})

    def first_problem(self) -> str:
        """Return what is wrong in one sentence; empty if nothing is."""
        if {"key", "about"} & set(self.errors):
            return _t("Reload the page.")
        return next((str(said) for errors in self.errors.values() for said in errors), "")


class GuestCommentForm(CommentForm):
    """A comment of somebody without an account, with the name that they give."""

    name = forms.CharField(max_length=MAX_GUEST_NAME, error_messages={"required": _("Enter your name.")})
    about = forms.UUIDField(required=False)

    def clean_name(self) -> str:
        name = clean_name(self.cleaned_data["name"])
        if not name:
            raise ValidationError(_t("Enter your name."))
        return name


class MemberCommentForm(CommentForm):
    """A member's comment on the page of a link."""

    about = forms.UUIDField(required=False)


def new_key() -> uuid.UUID:
    """Return the key of the next comment of a page."""
    return uuid.uuid4()
