"""Admin pages of sessions, videos, and the uploads that brought them."""

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from clips.admin.camera import said_of_times
from clips.admin.record import (
    NOTHING,
    OF_SHOOT,
    IdSelect,
    RecordAdmin,
    add_link,
    clock,
    count_of,
    row_link,
    rows_link,
    size,
)
from clips.admin.space import needed, not_needed
from clips.archive.renaming import follow
from clips.library.own_day import OwnDayError, move_to_own_day
from clips.library.session_names import SessionNameForm
from clips.media.cameras.model import CAMERA_ID
from clips.models import (
    CameraClock,
    CameraName,
    CandidateSegment,
    DetectionRun,
    FinalClip,
    Job,
    OriginalFile,
    Shoot,
    Upload,
)
from clips.models.recording import camera_time, zone_of
from people.audit import AuditedAdmin
from people.naming.slugs import slugify
from people.rename_admin import RenameAdmin


class ShootForm(SessionNameForm):
    class Meta:
        model = Shoot
        fields = ["date", "name", "slug", "time_zone", "sensitivity"]
        help_texts = {
            "time_zone": _(
                "Where it was filmed, like Europe/Vienna. UTC means this site's own zone. Some cameras write local "
                "time, which is read in this zone."
            ),
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.fields["slug"].required = False
            self.fields["slug"].help_text = _("Leave empty to make it from the name.")

    def clean_slug(self) -> str:
        slug = self.cleaned_data["slug"]
        name, date = self.cleaned_data.get("name"), self.cleaned_data.get("date")
        if not slug:  # without a name or a date the form fails anyway
            return Shoot.objects.slug_for(name, date) if name and date else slug
        if slug != (safe := slugify(slug, fallback="Session")):
            raise forms.ValidationError(_t("This cannot be used in file names. Try “%(safe)s”.") % {"safe": safe})
        return slug


@admin.register(Shoot)
class ShootAdmin(RenameAdmin):
    form = ShootForm
    date_hierarchy = "date"
    list_display = ["name", "date", "slug", "sensitivity", "files", "to_sort", "clips"]
    list_editable = ["sensitivity"]
    list_per_page = 30  # each row is a form, and costs a millisecond
    search_fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        to_sort = CandidateSegment.objects.available().shown()
        return (
            super()
            .get_queryset(request)
            .annotate(
                n_files=count_of(OriginalFile.objects.all(), "shoot"),
                n_to_sort=count_of(to_sort, "original_file__shoot"),
                n_clips=count_of(FinalClip.objects.current(), "original_file__shoot"),
            )
        )

    def save_model(self, request: HttpRequest, obj: Shoot, form: forms.ModelForm, change: bool) -> None:
        """Use the session's time zone for cameras that write local time."""
        super().save_model(request, obj, form, change)
        if change and "time_zone" in form.changed_data:
            n_changed = OriginalFile.objects.filter(shoot=obj).place_in_time()
            self.message_user(request, said_of_times(n_changed), messages.INFO)

    def follow(self, row: Shoot, form: forms.ModelForm) -> None:
        if isinstance(form, ShootForm) and form.is_rename:
            follow(row)

    @admin.display(description=_("files"), ordering="n_files")
    def files(self, shoot: Shoot) -> str:
        return rows_link(OriginalFile, shoot.n_files, shoot__id__exact=shoot.pk)

    @admin.display(description=_("to sort"), ordering="n_to_sort")
    def to_sort(self, shoot: Shoot) -> str:
        return rows_link(CandidateSegment, shoot.n_to_sort, **{OF_SHOOT: shoot.pk}, queue="to_sort")

    @admin.display(description=_("clips"), ordering="n_clips")
    def clips(self, shoot: Shoot) -> str:
        return rows_link(FinalClip, shoot.n_clips, **{OF_SHOOT: shoot.pk}, is_current__exact=1)


class OriginalFileForm(forms.ModelForm):
    class Meta:
        model = OriginalFile
        fields = ["shoot", "camera_id"]

    def clean_camera_id(self) -> str:
        camera_id = self.cleaned_data["camera_id"].upper()
        if not CAMERA_ID.fullmatch(camera_id):
            raise forms.ValidationError(_t("Write a camera like CAM_GOPRO11."))
        return camera_id


@admin.register(OriginalFile)
class OriginalFileAdmin(AuditedAdmin):
    """Corrections of a camera file; all other fields were read from the file."""

    form = OriginalFileForm
    fieldsets = [
        (None, {"fields": ["original_filename", "shoot", "camera_id", "problem"]}),
        (_("Outcome"), {"fields": ["segments", "clips", "runs", "jobs", "uploads"]}),
        (
            _("From the camera"),
            {
                "fields": [
                    "duration",
                    "rate_fps",
                    "frame_size",
                    "codec",
                    "has_audio",
                    "camera",
                    "of_camera",
                    "recorded",
                    "other_day",
                    "probed_at",
                ]
            },
        ),
        (
            _("The file"),
            {
                "fields": [
                    "file_size",
                    "file_hash",
                    "stored_path",
                    "evicted_at",
                    "trim_at",
                    "trimmed_at",
                    "stays_whole_at",
                    "trim_problem",
                    "not_needed_at",
                    "uploaded_by",
                    "created_at",
                ]
            },
        ),
    ]
    autocomplete_fields = ["shoot"]
    list_display = [
        "original_filename", "session", "called", "fps_label", "duration", "file_size",
        "other_day", "segments", "clips", "problem",
    ]  # fmt: skip
    actions = ["move_to_session_of_own_day", not_needed, needed]
    list_select_related = ["shoot"]
    list_filter = [
        "camera_id", "fps_label", ("problem", admin.EmptyFieldListFilter),
        ("evicted_at", admin.EmptyFieldListFilter), ("trimmed_at", admin.EmptyFieldListFilter),
        ("not_needed_at", admin.EmptyFieldListFilter), "created_at",
    ]  # fmt: skip
    search_fields = ["original_filename", "shoot__name", "camera_id", "camera_serial", "file_hash"]
    list_per_page = 50
    show_full_result_count = False

    def formfield_for_foreignkey(self, db_field: models.ForeignKey, request: HttpRequest, **kwargs) -> forms.Field:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = IdSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: OriginalFile | None = None) -> list[str]:
        shown = [name for _title, options in self.fieldsets for name in options["fields"]]
        return [name for name in shown if name not in self.form.Meta.fields]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .with_camera_names()
            .annotate(
                n_segments=count_of(CandidateSegment.objects.all(), "original_file"),
                n_clips=count_of(FinalClip.objects.current(), "original_file"),
            )
            .defer("probe")
        )

    def save_model(self, request: HttpRequest, obj: OriginalFile, form: forms.ModelForm, change: bool) -> None:
        """Update only the typed fields: a probe may be writing the rest at this moment."""
        # Before the file, as whoever places files in time locks them.
        Shoot.objects.filter(pk__in={obj.shoot_id, form.initial.get("shoot", obj.shoot_id)}).hold()
        obj.save(update_fields=form.changed_data)
        OriginalFile.objects.filter(pk=obj.pk).place_in_time()  # another camera or session has another clock
        if "shoot" in form.changed_data:
            follow(obj.shoot)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "camera_serial__exact" or super().lookup_allowed(lookup, value, request)

    @admin.action(description=_("Move to the session of the day it was recorded"))
    def move_to_session_of_own_day(self, request: HttpRequest, queryset: QuerySet) -> None:
        """Move each file, and its clips under new names; report why some cannot be moved."""
        n_moved = n_clips = 0
        for original in queryset.order_by("pk"):
            try:
                n_clips += move_to_own_day(original)
                n_moved += 1
            except OwnDayError as error:
                self.message_user(request, str(error), messages.WARNING)
        if n_moved:
            text = _t("Files moved: %(n_moved)s. Clips renamed, cut and archived again: %(n_clips)s.")
            self.message_user(request, text % {"n_moved": n_moved, "n_clips": n_clips}, messages.SUCCESS)

    def get_deleted_objects(self, objs, request: HttpRequest) -> tuple:
        """Allow deleting a file together with its jobs and runs, although nobody may delete these alone."""
        listed, counts, not_permitted, protected = super().get_deleted_objects(objs, request)
        go_along = {str(model._meta.verbose_name) for model in (Job, DetectionRun)}
        return listed, counts, not_permitted - go_along, protected

    def delete_model(self, request: HttpRequest, obj: OriginalFile) -> None:
        super().delete_model(request, obj)
        self._say_what_stays(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        originals = list(queryset)
        super().delete_queryset(request, queryset)
        self._say_what_stays(request, originals)

    def _say_what_stays(self, request: HttpRequest, originals: list[OriginalFile]) -> None:
        paths = ", ".join(original.stored_path for original in originals)
        text = _t("The video itself stays in the data folder: %(paths)s.") % {"paths": paths}
        self.message_user(request, text, messages.WARNING)

    @admin.display(description=_("session"), ordering="shoot__date")
    def session(self, original: OriginalFile) -> str:
        return row_link(original.shoot)

    @admin.display(description=_("camera"), ordering="camera_id")
    def called(self, original: OriginalFile) -> str:
        return original.own_camera_name or original.camera_id

    @admin.display(description=_("camera ids"))
    def camera(self, original: OriginalFile) -> str:
        return " · ".join(filter(None, [original.own_camera_name, original.camera_id, original.camera_serial]))

    @admin.display(description=_("camera settings"))
    def of_camera(self, original: OriginalFile) -> str:
        about = {"camera_id": original.camera_id, "serial": original.camera_serial}
        shown = camera_time(original.probe, zone_of(original.shoot), original.original_filename)
        day = {"day": shown.date()} if shown else {}
        links = (
            add_link(CameraName, _t("Name this camera"), **about),
            add_link(CameraClock, _t("Correct its clock"), **about, **day),
        )
        return format_html("{} · {}", *links)

    @admin.display(description=_("recorded"), ordering="recorded_at")
    def recorded(self, original: OriginalFile) -> str:
        """Show the true local time and, if different, the time on the camera's clock."""
        true = original.recorded_locally
        shown = camera_time(original.probe, zone_of(original.shoot), original.original_filename)
        if true is None and shown:
            return _t("unknown; the camera's clock showed %(shown)s") % {"shown": f"{shown:%Y-%m-%d %H:%M:%S}"}
        if true is None:
            return NOTHING
        text = f"{true:%Y-%m-%d %H:%M:%S} ({true:%Z})"
        if shown and shown != true:
            text += _t("; the file says %(shown)s") % {"shown": f"{shown:%Y-%m-%d %H:%M:%S}"}
        return text

    @admin.display(description=_("on another day"), ordering="recorded_at")
    def other_day(self, original: OriginalFile) -> str:
        """Show the day only if it is not the session's; after midnight that may be intended."""
        own_day = original.local_day
        return date_format(own_day) if own_day and own_day != original.shoot.date else ""

    @admin.display(description=_("duration"), ordering="duration_ms")
    def duration(self, original: OriginalFile) -> str:
        return clock(original.duration_ms)

    @admin.display(description=_("frames per second"))
    def rate_fps(self, original: OriginalFile) -> str:
        if not original.rate:
            return ""
        captured = original.capture_rate
        said = _t(", recorded at %(captured)s") % {"captured": f"{float(captured):.3f}"} if captured else ""
        return f"{float(original.rate):.3f}{said}"

    @admin.display(description=_("picture"))
    def frame_size(self, original: OriginalFile) -> str:
        if not original.width_px:
            return ""
        turned = f", {original.rotation_deg}°" if original.rotation_deg else ""
        mirrored = ", " + _t("mirrored") if original.probe.get("flip") else ""
        return f"{original.width_px} × {original.height_px}{turned}{mirrored}"

    @admin.display(description=_("size"), ordering="size_bytes")
    def file_size(self, original: OriginalFile) -> str:
        return size(original.size_bytes)

    @admin.display(description=_("uploader"))
    def uploaded_by(self, original: OriginalFile) -> str:
        return str(original.uploader or "")

    @admin.display(description=_("segments"), ordering="n_segments")
    def segments(self, original: OriginalFile) -> str:
        return rows_link(CandidateSegment, original.n_segments, original_file__id__exact=original.pk)

    @admin.display(description=_("clips"), ordering="n_clips")
    def clips(self, original: OriginalFile) -> str:
        of_file = {"original_file__id__exact": original.pk}
        return rows_link(FinalClip, original.n_clips, **of_file, is_current__exact=1)

    @admin.display(description=_("searches"))
    def runs(self, original: OriginalFile) -> str:
        return rows_link(DetectionRun, original.runs.count(), original_file__id__exact=original.pk)

    @admin.display(description=_("jobs"))
    def jobs(self, original: OriginalFile) -> str:
        return rows_link(Job, original.jobs.count(), original_file__id__exact=original.pk)

    @admin.display(description=_("uploads"))
    def uploads(self, original: OriginalFile) -> str:
        return rows_link(Upload, original.uploads.count(), original_file__id__exact=original.pk)


@admin.register(Upload)
class UploadAdmin(RecordAdmin):
    fields = [
        "original_filename", "source", "came_from", "state", "reason", "received", "became", "shoot", "owner_name",
        "jobs", "created_at", "updated_at",
    ]  # fmt: skip
    list_display = ["original_filename", "state", "received", "owner_name", "session", "became", "created_at"]
    list_select_related = ["owner", "shoot", "original_file"]
    list_filter = ["state", "source", "created_at"]
    search_fields = ["original_filename", "came_from", "shoot__name", "owner__username"]

    @admin.display(description=_("received"))
    def received(self, upload: Upload) -> str:
        both = {"received": size(upload.offset_bytes), "whole": size(upload.size_bytes)}
        return both["whole"] if upload.is_whole else _t("%(received)s of %(whole)s") % both

    @admin.display(description=_("owner"), ordering="owner__username")
    def owner_name(self, upload: Upload) -> str:
        return str(upload.owner or "")

    @admin.display(description=_("session"), ordering="shoot__date")
    def session(self, upload: Upload) -> str:
        return row_link(upload.shoot)

    @admin.display(description=_("video"))
    def became(self, upload: Upload) -> str:
        return row_link(upload.original_file)

    @admin.display(description=_("jobs"))
    def jobs(self, upload: Upload) -> str:
        return rows_link(Job, upload.jobs.count(), upload__id__exact=upload.pk)
