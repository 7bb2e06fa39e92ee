from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClipsConfig(AppConfig):
    name = "clips"
    verbose_name = _("Clips")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clips.renaming import follow
        from trickyclip.renaming import on_rename

        on_rename(follow)
