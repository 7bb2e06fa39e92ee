"""URLs of share videos and share links."""

from django.urls import path

from clips.sharing import views

urlpatterns = [
    path("media/copies/<uuid:pk>.mp4", views.shared_copy_file, name="shared_copy_file"),
    path("media/copies/<uuid:pk>/download", views.shared_copy_download, name="shared_copy_download"),
    path("clips/<uuid:pk>/share", views.clip_share, name="clip_share"),
    path("clips/<uuid:pk>/playable", views.clip_playable, name="clip_playable"),
    path("copies/<uuid:pk>", views.shared_copy, name="shared_copy"),
    path("copies/<uuid:pk>/links", views.shared_copy_link, name="shared_copy_link"),
    path("links/<uuid:pk>/end", views.share_link_end, name="share_link_end"),
    path("s/<str:secret>", views.shared, name="shared"),
    path("s/<str:secret>/video.mp4", views.shared_video, name="shared_video"),
    path("s/<str:secret>/download", views.shared_download, name="shared_download"),
    path("s/<str:secret>/picture.jpg", views.shared_picture, name="shared_picture"),
]
