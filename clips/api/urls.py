"""URLs of the API, each with the role that reading and writing need."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from clips.api import bin_views, bulk, docs, errors, pairs, reels, schema, talk, views  # noqa: F401  schema: registers how one logs in
from people.access import requires
from people.models import Role

app_name = "api"

watch = requires(Role.VIEWER)
watch_and_add = watch_and_bin = requires(Role.VIEWER, Role.SORTER)
sort = requires(Role.SORTER)
curate = requires(Role.CURATOR)

urlpatterns = [
    path("upload", sort(views.UploadList.as_view()), name="upload_list"),
    path("upload/<uuid:pk>", sort(views.UploadDetail.as_view()), name="upload"),
    path("sort/next", sort(views.SortNext.as_view()), name="sort_next"),
    path("sort/save", sort(views.SortSave.as_view()), name="sort_save"),
    path("sort/trash", sort(views.SortTrash.as_view()), name="sort_trash"),
    path("sort/skip", sort(views.SortSkip.as_view()), name="sort_skip"),
    path("sort/aside", sort(views.SortAside.as_view()), name="sort_aside"),
    path("sort/undo", sort(views.SortUndo.as_view()), name="sort_undo"),
    path("sort/release", sort(views.SortRelease.as_view()), name="sort_release"),
    path("clips", watch(views.ClipList.as_view()), name="clip_list"),
    path("clips/<uuid:pk>", watch_and_bin(bin_views.ClipDetail.as_view()), name="clip"),
    path("clips/<uuid:pk>/edit", sort(views.ClipEdit.as_view()), name="clip_edit"),
    path("clips/<uuid:pk>/heart", watch(views.ClipHeart.as_view()), name="clip_heart"),
    path("clips/<uuid:pk>/stars", sort(views.ClipStars.as_view()), name="clip_stars"),
    path("clips/<uuid:pk>/comments", watch(talk.CommentsOf.as_view()), name="clip_comments"),
    path("clips/<uuid:pk>/reactions", watch(talk.ReactionsOf.as_view()), name="clip_reactions"),
    path("edits/<uuid:pk>/comments", watch(talk.CommentsOf.as_view(kind="edit")), name="reel_comments"),
    path("edits/<uuid:pk>/reactions", watch(talk.ReactionsOf.as_view(kind="edit")), name="reel_reactions"),
    path("comments/<uuid:pk>", watch(talk.CommentDetail.as_view()), name="comment"),
    path("comments/<uuid:pk>/show", watch(talk.CommentShow.as_view()), name="comment_show"),
    path("clips/bulk", sort(bulk.BulkTags.as_view()), name="clip_bulk"),
    path("bulk/<uuid:pk>", watch(bulk.BulkDetail.as_view()), name="bulk"),
    path("bulk/<uuid:pk>/undo", sort(bulk.BulkUndo.as_view()), name="bulk_undo"),
    path("edits", watch(reels.ReelList.as_view()), name="reel_list"),
    path("edits/add", sort(reels.ReelAdd.as_view()), name="reel_add"),
    path("edits/added/<uuid:pk>/undo", sort(reels.ReelAddUndo.as_view()), name="reel_add_undo"),
    path("edits/<uuid:pk>", watch_and_bin(reels.ReelDetail.as_view()), name="reel"),
    path("videos/<uuid:pk>", sort(bin_views.VideoDetail.as_view()), name="video"),
    path("sessions/<uuid:pk>", sort(bin_views.SessionDetail.as_view()), name="session"),
    path("sessions/<uuid:pk>/pairs", watch(pairs.PairList.as_view()), name="pair_list"),
    path("pairs/<uuid:pk>/confirm", sort(pairs.PairConfirm.as_view()), name="pair_confirm"),
    path("pairs/<uuid:pk>/take-apart", sort(pairs.PairTakeApart.as_view()), name="pair_take_apart"),
    path("pairs/<uuid:pk>/nudge", sort(pairs.PairNudge.as_view()), name="pair_nudge"),
    path("pairs/<uuid:pk>/undo", sort(pairs.PairUndo.as_view()), name="pair_undo"),
    path("bin", sort(bin_views.BinList.as_view()), name="bin_list"),
    path("bin/<uuid:pk>", curate(bin_views.BinDetail.as_view()), name="bin_entry"),
    path("bin/<uuid:pk>/restore", sort(bin_views.BinRestore.as_view()), name="bin_restore"),
    path("people", watch_and_add(views.PersonList.as_view()), name="person_list"),
    path("tricks", watch_and_add(views.TrickList.as_view()), name="trick_list"),
    path("jobs", sort(views.JobList.as_view()), name="job_list"),
    path("jobs/<uuid:pk>/retry", curate(views.JobRetry.as_view()), name="job_retry"),
    path("jobs/<uuid:pk>/cancel", curate(views.JobCancel.as_view()), name="job_cancel"),
    path("schema", watch(SpectacularAPIView.as_view()), name="schema"),
    path("docs", docs.docs, name="docs"),
    path("<path:address>", watch(errors.Nowhere.as_view()), name="nowhere"),
]
