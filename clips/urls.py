from django.urls import path

from clips.uploads import tus
from clips.views import jobs, upload
from people.access import requires
from people.models import Role

app_name = "clips"

sort = requires(Role.SORTER)

urlpatterns = [
    path("upload", upload.upload, name="upload"),
    path("upload/recent", upload.upload_recent, name="upload_recent"),
    path("upload/tus/", sort(tus.collection), name="tus_collection"),
    path("upload/tus/<uuid:upload_id>", sort(tus.resource), name="tus_resource"),
    path("jobs", jobs.jobs, name="jobs"),
    path("jobs/<uuid:pk>", jobs.job_row, name="job_row"),
    path("jobs/<uuid:pk>/retry", jobs.job_retry, name="job_retry"),
    path("jobs/<uuid:pk>/cancel", jobs.job_cancel, name="job_cancel"),
]
