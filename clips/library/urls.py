"""URLs of clips, sessions, videos, single moments and the bin."""

from django.urls import path

from clips.library import bin_views, clip_views, moment_views, session_changes, session_views, trashed_views, views

urlpatterns = [
    path("clips", views.library, name="library"),
    path("clips/<uuid:pk>", clip_views.clip, name="clip"),
    path("clips/<uuid:pk>/edit", clip_views.clip_edit, name="clip_edit"),
    path("clips/<uuid:pk>/use-again", clip_views.clip_use_again, name="clip_use_again"),
    path("sessions", session_views.sessions, name="sessions"),
    path("sessions/<uuid:pk>", session_views.session, name="session"),
    path("sessions/<uuid:pk>/news", session_views.session_news, name="session_news"),
    path("sessions/<uuid:pk>/rename", session_changes.session_rename, name="session_rename"),
    path("sessions/<uuid:pk>/rename-says", session_changes.session_rename_says, name="session_rename_says"),
    path("sessions/<uuid:pk>/sensitivity", session_changes.session_sensitivity, name="session_sensitivity"),
    path("sessions/<uuid:pk>/redetect", session_changes.session_redetect, name="session_redetect"),
    path("sessions/<uuid:pk>/filmstrips", session_changes.session_filmstrips, name="session_filmstrips"),
    path("files/<uuid:pk>/redetect", session_changes.file_redetect, name="file_redetect"),
    path("files/<uuid:pk>/aside", session_changes.file_aside, name="file_aside"),
    path("files/<uuid:pk>/take-back", session_changes.file_take_back, name="file_take_back"),
    path("files/<uuid:pk>/moments", session_changes.file_add_moment, name="file_add_moment"),
    path("moments/<uuid:pk>", moment_views.moment, name="moment"),
    path("moments/<uuid:pk>/restore", moment_views.moment_restore, name="moment_restore"),
    path("sessions/<uuid:pk>/trashed", trashed_views.trashed, name="trashed"),
    path("sessions/<uuid:pk>/move-videos", bin_views.session_move_videos, name="session_move_videos"),
    path("bin", bin_views.bin_page, name="bin"),
    path("bin/ask", bin_views.bin_ask, name="bin_ask"),
    path("bin/throw", bin_views.bin_throw, name="bin_throw"),
    path("bin/<uuid:pk>/restore", bin_views.bin_restore, name="bin_restore"),
    path("bin/<uuid:pk>/delete", bin_views.bin_delete, name="bin_delete"),
    path("curves/<uuid:pk>.svg", session_views.curve, name="curve"),
]
