"""URL of the demo session."""

from django.urls import path

from clips.demo import views

urlpatterns = [path("demo", views.demo_start, name="demo_start")]
