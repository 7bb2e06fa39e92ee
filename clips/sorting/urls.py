"""URLs of the sort page and the leaderboard."""

from django.urls import path

from clips.sorting import leaderboard_views, views

urlpatterns = [
    path("sort", views.sort, name="sort"),
    path("sort/hand", views.sort_hand, name="sort_hand"),
    path("sort/keep", views.sort_keep, name="sort_keep"),
    path("sort/trash", views.sort_trash, name="sort_trash"),
    path("sort/skip", views.sort_skip, name="sort_skip"),
    path("sort/aside", views.sort_aside, name="sort_aside"),
    path("sort/split", views.sort_split, name="sort_split"),
    path("sort/add", views.sort_add, name="sort_add"),
    path("sort/undo", views.sort_undo, name="sort_undo"),
    path("board", leaderboard_views.board, name="board"),
    path("board/show", leaderboard_views.board_show, name="board_show"),
    path("sort/past", views.sort_past, name="sort_past"),
    path("sort/release", views.sort_release, name="sort_release"),
]
