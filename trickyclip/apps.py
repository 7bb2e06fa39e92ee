from django.apps import AppConfig


class TrickyClipConfig(AppConfig):
    name = "trickyclip"
    verbose_name = "TrickyClip"

    def ready(self) -> None:
        from trickyclip import celery  # noqa: F401  web processes publish through this app, so it must exist in them
