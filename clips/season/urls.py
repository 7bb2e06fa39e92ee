"""URLs of riders, tricks and seasons."""

from django.urls import path

from clips.season import views

urlpatterns = [
    path("me", views.me, name="me"),
    path("riders/<uuid:pk>", views.rider, name="rider"),
    path("riders/<uuid:pk>/<slug:table>.csv", views.rider, name="rider_csv"),
    path("tricks/<uuid:pk>", views.trick, name="trick"),
    path("tricks/<uuid:pk>/<slug:table>.csv", views.trick, name="trick_csv"),
    path("seasons", views.seasons, name="seasons"),
    path("seasons/<int:year>", views.season, name="season"),
    path("seasons/<int:year>/<slug:table>.csv", views.season, name="season_csv"),
]
