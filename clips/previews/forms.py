"""Checks which part of a video a page wants to see."""

from django import forms


class SpanForm(forms.Form):
    """A part of a video."""

    start_ms = forms.IntegerField(min_value=0, max_value=2**53)
    end_ms = forms.IntegerField(min_value=0, max_value=2**53)
