"""URLs of the audit."""

from django.urls import path

from clips.integrity import views

urlpatterns = [
    path("jobs/audit", views.audit, name="audit"),
    path("jobs/audit/start", views.audit_start, name="audit_start"),
]
