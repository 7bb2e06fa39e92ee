"""WSGI entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import reverse

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trickyclip.settings")

application = get_wsgi_application()
# Reads the addresses, and with them every page's code, before gunicorn forks: its processes share what is read by then.
reverse("healthz")
