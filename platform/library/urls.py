from django.urls import path

from library import views

app_name = "library"
urlpatterns = [
    path("", views.index, name="index"),
    path("upload/", views.upload, name="upload"),
    path("recordings/<int:pk>/", views.recording, name="recording"),
    path("sound/<str:kind>/<int:pk>.flac", views.sound, name="sound"),
]
