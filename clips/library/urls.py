"""URLs of clips, sessions, videos and single moments."""

from django.urls import path

from clips.library import (
    bulk_views,
    clip_views,
    download_views,
    moment_views,
    saved_views,
    session_changes,
    session_views,
    views,
)

urlpatterns = [
    path("clips", views.library, name="library"),
    path("library/facets/<slug:name>", views.library_facet, name="library_facet"),
    path("library/views", saved_views.saved_view_save, name="saved_view_save"),
    path("library/views/<uuid:pk>/delete", saved_views.saved_view_delete, name="saved_view_delete"),
    path("library/download", download_views.library_download, name="library_download"),
    path("library/download.zip", download_views.library_zip, name="library_zip"),
    path("clips/<uuid:pk>", clip_views.clip, name="clip"),
    path("clips/<uuid:pk>/edit", clip_views.clip_edit, name="clip_edit"),
    path("clips/<uuid:pk>/use-again", clip_views.clip_use_again, name="clip_use_again"),
    path("clips/tags", bulk_views.clips_tag, name="clips_tag"),
    path("clips/tags/plan", bulk_views.clips_tag_plan, name="clips_tag_plan"),
    path("bulk/<uuid:pk>", bulk_views.bulk_change, name="bulk_change"),
    path("bulk/<uuid:pk>/undo", bulk_views.bulk_undo, name="bulk_undo"),
    path("sessions", session_views.sessions, name="sessions"),
    path("sessions/<uuid:pk>", session_views.session, name="session"),
    path("sessions/<uuid:pk>/news", session_views.session_news, name="session_news"),
    path("sessions/<uuid:pk>/rename", session_changes.session_rename, name="session_rename"),
    path("sessions/<uuid:pk>/rename-says", session_changes.session_rename_says, name="session_rename_says"),
    path("sessions/<uuid:pk>/sensitivity", session_changes.session_sensitivity, name="session_sensitivity"),
    path("sessions/<uuid:pk>/trash-hidden", session_changes.session_trash_hidden, name="session_trash_hidden"),
    path("sessions/<uuid:pk>/move-videos", session_changes.session_move_videos, name="session_move_videos"),
    path("sessions/<uuid:pk>/redetect", session_changes.session_redetect, name="session_redetect"),
    path("sessions/<uuid:pk>/filmstrips", session_changes.session_filmstrips, name="session_filmstrips"),
    path("files/<uuid:pk>/redetect", session_changes.file_redetect, name="file_redetect"),
    path("files/<uuid:pk>/aside", session_changes.file_aside, name="file_aside"),
    path("files/<uuid:pk>/take-back", session_changes.file_take_back, name="file_take_back"),
    path("files/<uuid:pk>/moments", session_changes.file_add_moment, name="file_add_moment"),
    path("moments/<uuid:pk>", moment_views.moment, name="moment"),
    path("moments/<uuid:pk>/restore", moment_views.moment_restore, name="moment_restore"),
    path("curves/<uuid:pk>.svg", session_views.curve, name="curve"),
]
