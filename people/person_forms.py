"""Forms of a rider: the name, and an alias."""

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from people.models import Person, PersonAlias
from people.naming.slugs import slugify
from people.rename_form import RenameForm


class PersonForm(RenameForm):
    named_by = ("display_name",)

    class Meta:
        model = Person
        fields = ["display_name", "slug"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Leave empty to make it from the name.")

    def clean_display_name(self) -> str:
        name = self.cleaned_data["display_name"]
        if other := Person.objects.named(name).exclude(pk=self.instance.pk).first():
            raise forms.ValidationError(_t("%(other)s already has this name.") % {"other": other})
        return name

    def clean_slug(self) -> str:
        slug, name = self.cleaned_data["slug"], self.cleaned_data.get("display_name")
        if not slug:  # without a name the form fails anyway
            return Person.objects.slug_for(name) if name else slug
        if slug != (safe := slugify(slug, fallback="Person")):
            raise forms.ValidationError(_t("This cannot be used in file names. Try “%(safe)s”.") % {"safe": safe})
        return slug


class PersonAliasForm(forms.ModelForm):
    class Meta:
        model = PersonAlias
        fields = ["name"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if other := Person.objects.named(name).exclude(pk=self.instance.person_id).first():
            raise forms.ValidationError(_t("%(other)s already has this name.") % {"other": other})
        return name
