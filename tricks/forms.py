"""Forms of a trick: the name with stance and direction, the category, and an alias."""

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from people.naming.slugs import slugify
from people.rename_form import RenameForm
from tricks import naming
from tricks.models import Trick, TrickAlias


class TrickForm(RenameForm):
    named_by = ("name", "stance", "direction")

    class Meta:
        model = Trick
        fields = ["name", "stance", "direction", "category", "slug"]
        help_texts = {"name": _("May start with stance and direction: “switch backside 180”.")}

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Leave empty to make it from the full name.")

    def clean_category(self) -> str:
        return self.cleaned_data["category"].upper()

    def clean_slug(self) -> str:
        slug, name = self.cleaned_data["slug"], self.cleaned_data.get("name")
        if not slug:  # without a name the form fails anyway
            return Trick.objects.slug_for(self._label()) if name else slug
        if slug != (safe := slugify(slug, fallback="Move")):
            raise forms.ValidationError(_t("This cannot be used in file names. Try “%(safe)s”.") % {"safe": safe})
        return slug

    def clean(self) -> dict:
        cleaned = super().clean()
        if not cleaned.get("name"):
            return cleaned
        label = self._label()
        if other := Trick.objects.named(label).exclude(pk=self.instance.pk).first():
            self.add_error("name", _t("%(other)s already has this name.") % {"other": other})
        cleaned["stance"], cleaned["direction"], cleaned["name"] = naming.split(label)
        return cleaned

    def _label(self) -> str:
        said = self.cleaned_data
        return naming.label(said.get("stance", ""), said.get("direction", ""), said.get("name", ""))


class TrickAliasForm(forms.ModelForm):
    class Meta:
        model = TrickAlias
        fields = ["name"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if other := Trick.objects.named(name).exclude(pk=self.instance.trick_id).first():
            raise forms.ValidationError(_t("%(other)s already has this name.") % {"other": other})
        return name
