"""An address that somebody forgot to guard: the check must find it."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

urlpatterns = [path("secret/", lambda _request: HttpResponse("x"))]
