"""Admin pages of cameras: their names and the corrections of their clocks."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.admin.record import rows_link
from clips.library.camera_clocks import place_in_time, refresh_search, said_of_times
from clips.media.cameras.model import CAMERA_ID
from clips.models import CameraClock, CameraName, OriginalFile
from people.audit import AuditedAdmin


class CameraForm(forms.ModelForm):
    """The camera's id as file names write it."""

    def clean_camera_id(self) -> str:
        camera_id = self.cleaned_data["camera_id"].strip().upper()
        if not CAMERA_ID.fullmatch(camera_id):
            raise forms.ValidationError(_t("Write a camera like CAM_GOPRO11."))
        return camera_id

    def clean_serial(self) -> str:
        return self.cleaned_data["serial"].strip()


class CameraAdmin(AuditedAdmin):
    """Rows about one camera, or about all cameras of its kind."""

    form = CameraForm
    list_per_page = 50
    search_fields = ["camera_id", "serial"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        of_kind = OriginalFile.objects.filter(camera_id=OuterRef("camera_id"))
        of_one = of_kind.filter(camera_serial=OuterRef("serial"))
        n_files = Case(When(serial="", then=_number_of(of_kind)), default=_number_of(of_one))
        return super().get_queryset(request).annotate(n_files=n_files)

    @admin.display(description=_("videos"), ordering="n_files")
    def files(self, row: CameraName | CameraClock) -> str:
        lookups = {"camera_id__exact": row.camera_id} | ({"camera_serial__exact": row.serial} if row.serial else {})
        return rows_link(OriginalFile, row.n_files, **lookups)

    @admin.display(description=_("serial number"), empty_value=_("all"), ordering="serial")
    def of_serial(self, row: CameraName | CameraClock) -> str:
        return row.serial or None


@admin.register(CameraName)
class CameraNameAdmin(CameraAdmin):
    """The crew's name for a camera. File names keep the camera's own id."""

    fields = ["camera_id", "serial", "name"]
    list_display = ["name", "camera_id", "of_serial", "files"]
    search_fields = [*CameraAdmin.search_fields, "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: CameraName | None = None) -> list[str]:
        """Allow changing only the name; another camera gets a row of its own."""
        return ["camera_id", "serial", "files"] if obj else []

    def get_fields(self, request: HttpRequest, obj: CameraName | None = None) -> list[str]:
        return [*self.fields, "files"] if obj else self.fields

    def save_model(self, request: HttpRequest, obj: CameraName, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        refresh_search(obj.camera_id)

    def delete_model(self, request: HttpRequest, obj: CameraName) -> None:
        super().delete_model(request, obj)
        refresh_search(obj.camera_id)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        camera_ids = set(queryset.values_list("camera_id", flat=True))
        super().delete_queryset(request, queryset)
        for camera_id in camera_ids:
            refresh_search(camera_id)


@admin.register(CameraClock)
class CameraClockAdmin(CameraAdmin):
    """The error of a camera's clock on a day; saving or deleting it corrects the times of its files at once."""

    fields = ["camera_id", "serial", "day", "offset_s"]
    list_display = ["camera_id", "of_serial", "day", "offset_s", "files"]
    list_filter = ["day"]

    def save_model(self, request: HttpRequest, obj: CameraClock, form: forms.ModelForm, change: bool) -> None:
        before = form.initial.get("camera_id", "") if change else ""
        super().save_model(request, obj, form, change)
        self._put_right(request, {obj.camera_id, before})

    def delete_model(self, request: HttpRequest, obj: CameraClock) -> None:
        super().delete_model(request, obj)
        self._put_right(request, {obj.camera_id})

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        camera_ids = set(queryset.values_list("camera_id", flat=True))
        super().delete_queryset(request, queryset)
        self._put_right(request, camera_ids)

    def _put_right(self, request: HttpRequest, camera_ids: set[str]) -> None:
        n_changed = place_in_time(*camera_ids)
        self.message_user(request, said_of_times(n_changed), messages.INFO)


def _number_of(files: QuerySet) -> Coalesce:
    counted = files.order_by().values("camera_id").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)
