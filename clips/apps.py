from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClipsConfig(AppConfig):
    name = "clips"
    verbose_name = _("Clips")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clips.library.renaming import follow
        from people.renaming import on_rename

        on_rename(follow)
