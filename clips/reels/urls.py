"""URLs of edits."""

from django.urls import path, register_converter

from clips.models.collection_link import MARK
from clips.reels import (
    add_views,
    change_views,
    handover_views,
    lease_views,
    link_views,
    render_views,
    shared_talk_views,
    shared_views,
    views,
)


class ManySecret:
    """Secret of a link to several clips, by its mark."""

    regex = rf"{MARK}[A-Za-z0-9_-]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ManySecret, "many")

urlpatterns = [
    path("edits", views.reels, name="reels"),
    path("edits/pick", add_views.reel_pick, name="reel_pick"),
    path("edits/add", add_views.reel_add, name="reel_add"),
    path("edits/make", add_views.reel_make, name="reel_make"),
    path("edits/added/<uuid:pk>/undo", add_views.reel_add_undo, name="reel_add_undo"),
    path("edits/of-clips/timeline", handover_views.clips_timeline, name="clips_timeline"),
    path("edits/<uuid:pk>", views.reel, name="reel"),
    path("edits/<uuid:pk>/body", views.reel_body, name="reel_body"),
    path("edits/<uuid:pk>/clips/<uuid:row>", views.reel_clip, name="reel_clip"),
    path("edits/<uuid:pk>/timeline", handover_views.reel_timeline, name="reel_timeline"),
    path("edits/<uuid:pk>/handles", handover_views.reel_handles, name="reel_handles"),
    path("edits/<uuid:pk>/playable", views.reel_playable, name="reel_playable"),
    path("edits/<uuid:pk>/lease", lease_views.reel_lease, name="reel_lease"),
    path("edits/<uuid:pk>/lease/end", lease_views.reel_lease_end, name="reel_lease_end"),
    path("edits/<uuid:pk>/rename", change_views.reel_rename, name="reel_rename"),
    path("edits/<uuid:pk>/draft", change_views.reel_draft, name="reel_draft"),
    path("edits/<uuid:pk>/clips/<uuid:row>/move", change_views.reel_clip_move, name="reel_clip_move"),
    path("edits/<uuid:pk>/clips/<uuid:row>/trim", change_views.reel_clip_trim, name="reel_clip_trim"),
    path("edits/<uuid:pk>/clips/<uuid:row>/speed", change_views.reel_clip_speed, name="reel_clip_speed"),
    path("edits/<uuid:pk>/clips/<uuid:row>/title", change_views.reel_clip_title, name="reel_clip_title"),
    path("edits/<uuid:pk>/clips/<uuid:row>/sound", change_views.reel_clip_sound, name="reel_clip_sound"),
    path("edits/<uuid:pk>/clips/<uuid:row>/crop", change_views.reel_clip_crop, name="reel_clip_crop"),
    path("edits/<uuid:pk>/clips/<uuid:row>/camera", change_views.reel_clip_camera, name="reel_clip_camera"),
    path("edits/<uuid:pk>/clips/<uuid:row>/cut", change_views.reel_clip_cut, name="reel_clip_cut"),
    path("edits/<uuid:pk>/clips/<uuid:row>/remove", change_views.reel_clip_remove, name="reel_clip_remove"),
    path("edits/<uuid:pk>/changes/<uuid:change>/undo", change_views.reel_undo, name="reel_undo"),
    path("edits/<uuid:pk>/changes/<uuid:change>/redo", change_views.reel_redo, name="reel_redo"),
    path("edits/<uuid:pk>/films", render_views.reel_renders, name="reel_renders"),
    path("edits/<uuid:pk>/films/<uuid:film>", render_views.reel_render, name="reel_render"),
    path("edits/<uuid:pk>/films/<uuid:film>/cancel", render_views.reel_render_cancel, name="reel_render_cancel"),
    path("edits/<uuid:pk>/films/<uuid:film>/retry", render_views.reel_render_retry, name="reel_render_retry"),
    path("edits/<uuid:pk>/films/<uuid:film>/delete", render_views.reel_render_delete, name="reel_render_delete"),
    path("edits/<uuid:pk>/films/<uuid:film>.mp4", render_views.reel_render_file, name="reel_render_file"),
    path("edits/<uuid:pk>/films/<uuid:film>/download", render_views.reel_render_download, name="reel_render_download"),
    path("edits/<uuid:pk>/music", render_views.reel_music, name="reel_music"),
    path("edits/<uuid:pk>/music/<uuid:track>/remove", render_views.reel_music_remove, name="reel_music_remove"),
    path("links", link_views.collection_links, name="collection_links"),
    path("links/of-clips", link_views.clips_link, name="clips_link"),
    path("links/of/<slug:kind>/<uuid:pk>", link_views.links_of, name="links_of"),
    path("links/many/<uuid:pk>/end", link_views.collection_link_end, name="collection_link_end"),
    path("s/<many:secret>", shared_views.shared_many, name="shared_many"),
    path("s/<many:secret>/picture.jpg", shared_views.shared_many_picture, name="shared_many_picture"),
    path("s/<many:secret>/all.zip", shared_views.shared_many_zip, name="shared_many_zip"),
    path("s/<many:secret>/<uuid:lineage>.mp4", shared_views.shared_many_clip, name="shared_many_clip"),
    path("s/<many:secret>/<uuid:lineage>.jpg", shared_views.shared_many_poster, name="shared_many_poster"),
    path("s/<many:secret>/<uuid:lineage>/download", shared_views.shared_many_download, name="shared_many_download"),
    path("s/<many:secret>/comment", shared_talk_views.shared_many_comment, name="shared_many_comment"),
    path("s/<many:secret>/react", shared_talk_views.shared_many_react, name="shared_many_react"),
    path(
        "s/<many:secret>/reactions/<uuid:lineage>",
        shared_talk_views.shared_many_reactions,
        name="shared_many_reactions",
    ),
    path(
        "s/<many:secret>/comments/<uuid:comment>/delete",
        shared_talk_views.shared_many_comment_delete,
        name="shared_many_comment_delete",
    ),
    path(
        "s/<many:secret>/film/<uuid:film>/watch.mp4", shared_views.shared_many_film_watch, name="shared_many_film_watch"
    ),
    path("s/<many:secret>/film/<uuid:film>.mp4", shared_views.shared_many_film, name="shared_many_film"),
]
