"""URLs of edits."""

from django.urls import path

from clips.reels import add_views, change_views, lease_views, views

urlpatterns = [
    path("edits", views.reels, name="reels"),
    path("edits/pick", add_views.reel_pick, name="reel_pick"),
    path("edits/add", add_views.reel_add, name="reel_add"),
    path("edits/make", add_views.reel_make, name="reel_make"),
    path("edits/added/<uuid:pk>/undo", add_views.reel_add_undo, name="reel_add_undo"),
    path("edits/<uuid:pk>", views.reel, name="reel"),
    path("edits/<uuid:pk>/body", views.reel_body, name="reel_body"),
    path("edits/<uuid:pk>/clips/<uuid:row>", views.reel_clip, name="reel_clip"),
    path("edits/<uuid:pk>/playable", views.reel_playable, name="reel_playable"),
    path("edits/<uuid:pk>/lease", lease_views.reel_lease, name="reel_lease"),
    path("edits/<uuid:pk>/lease/end", lease_views.reel_lease_end, name="reel_lease_end"),
    path("edits/<uuid:pk>/rename", change_views.reel_rename, name="reel_rename"),
    path("edits/<uuid:pk>/clips/<uuid:row>/move", change_views.reel_clip_move, name="reel_clip_move"),
    path("edits/<uuid:pk>/clips/<uuid:row>/trim", change_views.reel_clip_trim, name="reel_clip_trim"),
    path("edits/<uuid:pk>/clips/<uuid:row>/speed", change_views.reel_clip_speed, name="reel_clip_speed"),
    path("edits/<uuid:pk>/clips/<uuid:row>/title", change_views.reel_clip_title, name="reel_clip_title"),
    path("edits/<uuid:pk>/clips/<uuid:row>/sound", change_views.reel_clip_sound, name="reel_clip_sound"),
    path("edits/<uuid:pk>/clips/<uuid:row>/remove", change_views.reel_clip_remove, name="reel_clip_remove"),
    path("edits/<uuid:pk>/changes/<uuid:change>/undo", change_views.reel_undo, name="reel_undo"),
    path("edits/<uuid:pk>/changes/<uuid:change>/redo", change_views.reel_redo, name="reel_redo"),
]
