"""Every address. A listener's start with /t/ (a test), the rest is for people with an account."""

from django.urls import include, path

from web.views import healthy, home

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthy, name="healthy"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("account/", include("accounts.urls")),
    path("t/", include("studies.listener_urls")),
    path("studies/", include("studies.urls")),
    path("library/", include("library.urls")),
    path("reports/", include("reports.urls")),
    path("training/", include("training.urls")),
    path("jobs/", include("jobs.urls")),
]
