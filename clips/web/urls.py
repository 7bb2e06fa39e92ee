"""URLs of the home page, the jobs page, the disk, and what curators and admins look after."""

from django.urls import path

from clips.web import cameras, disk, home, job_groups, jobs, learned, manage, notices, trim

urlpatterns = [
    path("manage", manage.manage, name="manage"),
    path("manage/cameras", cameras.cameras_page, name="cameras"),
    path("manage/cameras/name", cameras.camera_name, name="camera_name"),
    path("manage/cameras/clock", cameras.clock_correct, name="clock_correct"),
    path("manage/cameras/clocks/<int:pk>/undo", cameras.clock_undo, name="clock_undo"),
    path("manage/storage", disk.storage, name="storage"),
    path("manage/learned", learned.learned, name="learned"),
    path("manage/learned/<int:version>/<slug:act>", learned.learned_change, name="learned_change"),
    path("manage/notices", notices.notices, name="notices"),
    path("manage/notices/<int:pk>", notices.notice_channel, name="notice_channel"),
    path("manage/notices/<int:pk>/remove", notices.notice_remove, name="notice_remove"),
    path("manage/notices/<int:pk>/test", notices.notice_trial, name="notice_trial"),
    path("home/now", home.home_now, name="home_now"),
    path("home/dismiss", home.failure_dismiss, name="failure_dismiss"),
    path("files/<uuid:pk>/fetch", disk.file_fetch, name="file_fetch"),
    path("files/<uuid:pk>/not-needed", disk.file_not_needed, name="file_not_needed"),
    path("files/<uuid:pk>/needed", disk.file_needed, name="file_needed"),
    path("sessions/<uuid:pk>/trim", trim.session_trim, name="session_trim"),
    path("sessions/<uuid:pk>/trim/undo", trim.session_trim_undo, name="session_trim_undo"),
    path("jobs", jobs.jobs, name="jobs"),
    path("jobs/disk", disk.disk, name="disk"),
    path("jobs/disk/make-room", disk.disk_make_room, name="disk_make_room"),
    path("jobs/live", jobs.jobs_live, name="jobs_live"),
    path("jobs/cause/retry", jobs.cause_retry, name="cause_retry"),
    path("jobs/cause/cancel", jobs.cause_cancel, name="cause_cancel"),
    path("jobs/kind/<slug:kind>/cancel", jobs.kind_cancel, name="kind_cancel"),
    path("jobs/of/<uuid:group>", job_groups.group_jobs, name="group_jobs"),
    path("jobs/of/<uuid:group>/retry", job_groups.group_retry, name="group_retry"),
    path("jobs/of/<uuid:group>/cancel", job_groups.group_cancel, name="group_cancel"),
    path("jobs/<uuid:pk>", jobs.job_row, name="job_row"),
    path("jobs/<uuid:pk>/retry", jobs.job_retry, name="job_retry"),
    path("jobs/<uuid:pk>/cancel", jobs.job_cancel, name="job_cancel"),
]
