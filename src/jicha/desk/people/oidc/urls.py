"""The addresses of the sign-in through the company, under `accounts/`."""

from __future__ import annotations

from django.urls import path

from jicha.desk.people.oidc import views

urlpatterns = [
    path("oidc/<str:provider_id>/login/", views.login, name="openid_connect_login"),
    path("oidc/<str:provider_id>/login/callback/", views.callback, name="openid_connect_callback"),
]
