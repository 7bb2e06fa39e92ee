"""URLs of the upload page and the tus endpoint."""

from django.urls import path

from clips.ingest import tus, views
from people.access import requires
from people.models import Role

sort = requires(Role.SORTER)

urlpatterns = [
    path("upload", views.upload, name="upload"),
    path("upload/recent", views.upload_recent, name="upload_recent"),
    path("upload/shared", views.upload_shared, name="upload_shared"),
    path("upload/drive-folder", views.drive_folder_look, name="drive_folder_look"),
    path("upload/known", views.upload_known, name="upload_known"),
    path("upload/<uuid:pk>/anyway", views.upload_anyway, name="upload_anyway"),
    path("upload/<uuid:pk>/dismiss", views.upload_dismiss, name="upload_dismiss"),
    path("upload/tus/", sort(tus.collection), name="tus_collection"),
    path("upload/tus/<uuid:upload_id>", sort(tus.resource), name="tus_resource"),
]
