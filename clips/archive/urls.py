"""URLs of the page on which Google Drive is connected."""

from django.urls import path

from clips.archive import question_views, views

urlpatterns = [
    path("manage/archive", question_views.archive_question, name="archive_question"),
    path("clips/<uuid:pk>/archive-again", question_views.clip_archive_again, name="clip_archive_again"),
    path("manage/drive", views.drive, name="drive"),
    path("manage/drive/key", views.drive_key, name="drive_key"),
    path("manage/drive/connect", views.drive_connect, name="drive_connect"),
    path("manage/drive/code", views.drive_code, name="drive_code"),
    path("manage/drive/connected", views.drive_connected, name="drive_connected"),
    path("manage/drive/places", views.drive_places, name="drive_places"),
    path("manage/drive/folder", views.drive_folder, name="drive_folder"),
    path("manage/drive/test", views.drive_test, name="drive_test"),
    path("manage/drive/send-earlier", views.drive_send_earlier, name="drive_send_earlier"),
    path("manage/drive/disconnect", views.drive_disconnect, name="drive_disconnect"),
]
