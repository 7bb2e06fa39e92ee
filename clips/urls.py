from django.urls import path

from clips.uploads import tus
from clips.views import clip, files, home, jobs, library, preview, session_changes, sessions, share, timeline, upload
from clips.views import sort as sort_views
from people.access import requires
from people.models import Role

app_name = "clips"

sort = requires(Role.SORTER)

urlpatterns = [
    path("upload", upload.upload, name="upload"),
    path("upload/recent", upload.upload_recent, name="upload_recent"),
    path("upload/known", upload.upload_known, name="upload_known"),
    path("upload/tus/", sort(tus.collection), name="tus_collection"),
    path("upload/tus/<uuid:upload_id>", sort(tus.resource), name="tus_resource"),
    path("segments/<uuid:pk>/preview", preview.segment_preview, name="segment_preview"),
    path("media/previews/<uuid:pk>.mp4", files.preview_file, name="preview_file"),
    path("media/posters/<uuid:pk>.jpg", files.poster_file, name="poster_file"),
    path("media/filmstrips/<uuid:pk>.jpg", timeline.filmstrip_file, name="filmstrip_file"),
    path("media/filmstrips/<uuid:pk>.vtt", timeline.filmstrip_cues, name="filmstrip_cues"),
    path("media/clips/<uuid:pk>.mp4", files.clip_file, name="clip_file"),
    path("media/clips/<uuid:pk>/download", files.clip_download, name="clip_download"),
    path("media/copies/<uuid:pk>.mp4", share.shared_copy_file, name="shared_copy_file"),
    path("media/copies/<uuid:pk>/download", share.shared_copy_download, name="shared_copy_download"),
    path("clips", library.library, name="library"),
    path("clips/<uuid:pk>", clip.clip, name="clip"),
    path("clips/<uuid:pk>/edit", clip.clip_edit, name="clip_edit"),
    path("clips/<uuid:pk>/share", share.clip_share, name="clip_share"),
    path("clips/<uuid:pk>/playable", share.clip_playable, name="clip_playable"),
    path("copies/<uuid:pk>", share.shared_copy, name="shared_copy"),
    path("copies/<uuid:pk>/links", share.shared_copy_link, name="shared_copy_link"),
    path("links/<uuid:pk>/end", share.share_link_end, name="share_link_end"),
    path("s/<str:secret>", share.shared, name="shared"),
    path("s/<str:secret>/video.mp4", share.shared_video, name="shared_video"),
    path("s/<str:secret>/download", share.shared_download, name="shared_download"),
    path("s/<str:secret>/picture.jpg", share.shared_picture, name="shared_picture"),
    path("sort", sort_views.sort, name="sort"),
    path("sort/hand", sort_views.sort_hand, name="sort_hand"),
    path("sort/keep", sort_views.sort_keep, name="sort_keep"),
    path("sort/trash", sort_views.sort_trash, name="sort_trash"),
    path("sort/skip", sort_views.sort_skip, name="sort_skip"),
    path("sort/aside", sort_views.sort_aside, name="sort_aside"),
    path("sort/split", sort_views.sort_split, name="sort_split"),
    path("sort/add", sort_views.sort_add, name="sort_add"),
    path("sort/undo", sort_views.sort_undo, name="sort_undo"),
    path("sort/release", sort_views.sort_release, name="sort_release"),
    path("home/now", home.home_now, name="home_now"),
    path("sessions", sessions.sessions, name="sessions"),
    path("sessions/<uuid:pk>", sessions.session, name="session"),
    path("sessions/<uuid:pk>/news", sessions.session_news, name="session_news"),
    path("sessions/<uuid:pk>/rename", session_changes.session_rename, name="session_rename"),
    path("sessions/<uuid:pk>/sensitivity", session_changes.session_sensitivity, name="session_sensitivity"),
    path("sessions/<uuid:pk>/redetect", session_changes.session_redetect, name="session_redetect"),
    path("sessions/<uuid:pk>/filmstrips", session_changes.session_filmstrips, name="session_filmstrips"),
    path("files/<uuid:pk>/timeline.json", timeline.file_timeline, name="file_timeline"),
    path("files/<uuid:pk>/redetect", session_changes.file_redetect, name="file_redetect"),
    path("files/<uuid:pk>/aside", session_changes.file_aside, name="file_aside"),
    path("files/<uuid:pk>/take-back", session_changes.file_take_back, name="file_take_back"),
    path("files/<uuid:pk>/moments", session_changes.file_add_moment, name="file_add_moment"),
    path("curves/<uuid:pk>.svg", sessions.curve, name="curve"),
    path("jobs", jobs.jobs, name="jobs"),
    path("jobs/live", jobs.jobs_live, name="jobs_live"),
    path("jobs/cause/retry", jobs.cause_retry, name="cause_retry"),
    path("jobs/cause/cancel", jobs.cause_cancel, name="cause_cancel"),
    path("jobs/kind/<slug:kind>/cancel", jobs.kind_cancel, name="kind_cancel"),
    path("jobs/<uuid:pk>", jobs.job_row, name="job_row"),
    path("jobs/<uuid:pk>/retry", jobs.job_retry, name="job_retry"),
    path("jobs/<uuid:pk>/cancel", jobs.job_cancel, name="job_cancel"),
]
