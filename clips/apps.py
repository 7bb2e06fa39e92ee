"""App with all rooms of clips; registers at start-up what lower rooms need from higher ones."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

#: The rooms with jobs. The engine in ``clips.jobs`` knows none of them; they register what they bring.
ROOMS_WITH_JOBS = ("ingest", "previews", "library", "sharing", "archive", "disk", "demo", "reels", "integrity")


class ClipsConfig(AppConfig):
    name = "clips"
    verbose_name = _("Clips")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clips.archive.renaming import follow
        from clips.library.leaving import forget_member
        from clips.library.rider_removal import take_out
        from people.leaving import on_erase, on_take_out
        from people.renaming import on_rename

        for room in ROOMS_WITH_JOBS:
            import_module(f"clips.{room}.job_kinds").register()
        on_rename(follow)
        on_erase(forget_member)
        on_take_out(take_out)
