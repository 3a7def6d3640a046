from django.urls import path, re_path

from training import views

app_name = "training"
urlpatterns = [
    path("", views.index, name="index"),
    path("datasets/new/", views.new_dataset, name="new_dataset"),
    path("datasets/<int:pk>/", views.dataset, name="dataset"),
    path("runs/new/", views.new_run, name="new_run"),
    path("runs/<int:pk>/", views.run, name="run"),
    path("runs/<int:pk>/cancel", views.cancel_run, name="cancel_run"),
    path("runs/<int:pk>/curve", views.curve, name="curve"),
    re_path(r"^runs/(?P<pk>\d+)/loss\.(?P<form>svg|png|csv)$", views.curve_file, name="curve_file"),
]
