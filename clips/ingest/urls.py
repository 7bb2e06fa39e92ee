"""URLs of the upload page and the tus endpoint."""

from django.urls import path

from clips.ingest import receipt_views, tus, views
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
    path("upload/receipts", receipt_views.receipts, name="receipts"),
    path("upload/receipts/new", receipt_views.receipt_new, name="receipt_new"),
    path("upload/receipts/<uuid:pk>", receipt_views.receipt, name="receipt"),
    path("upload/receipts/<uuid:pk>/here", receipt_views.receipt_here, name="receipt_here"),
    path("upload/receipts/<uuid:pk>/receipt.json", receipt_views.receipt_json, name="receipt_json"),
    path("upload/receipts/<uuid:pk>/ascmhl.zip", receipt_views.receipt_manifest, name="receipt_manifest"),
    path("upload/tus/", sort(tus.collection), name="tus_collection"),
    path("upload/tus/<uuid:upload_id>", sort(tus.resource), name="tus_resource"),
]
