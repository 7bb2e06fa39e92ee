"""URLs of previews, posters, filmstrips, and of the files of clips and videos."""

from django.urls import path

from clips.previews import http_ranges, raw_views, timeline_views, views

urlpatterns = [
    path("segments/<uuid:pk>/preview", views.segment_preview, name="segment_preview"),
    path("media/previews/<uuid:pk>.mp4", http_ranges.preview_file, name="preview_file"),
    path("media/posters/<uuid:pk>.jpg", http_ranges.poster_file, name="poster_file"),
    path("media/filmstrips/<uuid:pk>.jpg", timeline_views.filmstrip_file, name="filmstrip_file"),
    path("media/filmstrips/<uuid:pk>.vtt", timeline_views.filmstrip_cues, name="filmstrip_cues"),
    path("media/clips/<uuid:pk>.mp4", http_ranges.clip_file, name="clip_file"),
    path("media/clips/<uuid:pk>/download", http_ranges.clip_download, name="clip_download"),
    path("media/raw/<uuid:pk>.mp4", raw_views.raw_file, name="raw_file"),
    path("media/raw/<uuid:pk>/glance.mp4", raw_views.raw_glance, name="raw_glance"),
    path("media/raw/<uuid:pk>/pieces.m3u8", raw_views.piece_list, name="piece_list"),
    path("media/raw/<uuid:pk>/pieces/<int:number>.ts", raw_views.piece_file, name="piece_file"),
    path("media/raw/<uuid:pk>/pieces/again", raw_views.pieces_again, name="pieces_again"),
    path("files/<uuid:pk>/timeline.json", timeline_views.file_timeline, name="file_timeline"),
]
