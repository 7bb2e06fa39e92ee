"""Admin pages of tricks: names, categories and aliases."""

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _t

from people.merge_admin import MergeAdmin
from people.rename_admin import RenameAdmin
from tricks.forms import TrickAliasForm, TrickForm
from tricks.models import Trick, TrickAlias


class TrickRowForm(forms.ModelForm):
    """A row of the list, whose one box has no label beside it."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].widget.attrs["aria-label"] = _t("Category of %(trick)s") % {"trick": self.instance}

    def clean_category(self) -> str:
        return self.cleaned_data["category"].upper()


class TrickAliasInline(admin.TabularInline):
    model = TrickAlias
    form = TrickAliasForm
    extra = 1


@admin.register(Trick)
class TrickAdmin(RenameAdmin, MergeAdmin):
    form = TrickForm
    inlines = [TrickAliasInline]
    list_display = ["name", "stance", "direction", "category", "slug", "also_called", "clips"]
    list_editable = ["category"]
    list_per_page = 30  # each row is a form, and costs a millisecond
    list_filter = ["category", "stance", "direction"]
    search_fields = ["name", "slug", "aliases__name"]

    def get_changelist_form(self, request: HttpRequest, **kwargs) -> type[forms.ModelForm]:
        return TrickRowForm
