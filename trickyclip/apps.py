from django.apps import AppConfig


class TrickyClipConfig(AppConfig):
    name = "trickyclip"
    verbose_name = "TrickyClip"

    def ready(self) -> None:
        from trickyclip import celery, checks  # noqa: F401  web processes publish through this app
