"""URLs of reactions and comments."""

from django.urls import path

from clips.talk import views

urlpatterns = [
    path("comments", views.comments, name="comments"),
    path("comments/<uuid:pk>/delete", views.comment_delete, name="comment_delete"),
    path("comments/<uuid:pk>/show", views.comment_let_through, name="comment_let_through"),
    path("talk/<slug:kind>/<uuid:pk>", views.talk_comment, name="talk_comment"),
    path("talk/<slug:kind>/<uuid:pk>/react", views.talk_react, name="talk_react"),
]
