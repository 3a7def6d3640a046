from django.urls import path, re_path

from reports import model_views, results_views

app_name = "reports"
urlpatterns = [
    path("<int:pk>/", results_views.results, name="results"),
    path("<int:pk>/listeners/<str:code>/", results_views.listener, name="listener"),
    path("<int:pk>/ratings.csv", results_views.ratings_csv, name="ratings_csv"),
    path("<int:pk>/mos.csv", results_views.mos_csv, name="mos_csv"),
    re_path(r"^(?P<pk>\d+)/mos\.(?P<form>svg|png)$", results_views.mos_picture, name="mos_picture"),
    path("<int:pk>/models/", model_views.models, name="models"),
    path("<int:pk>/models/<int:run>/", model_views.model, name="model"),
    path("<int:pk>/models/<int:run>/points.csv", model_views.points_csv, name="points_csv"),
    re_path(
        r"^(?P<pk>\d+)/models/(?P<run>\d+)/(?P<against>mos|visqol)\.(?P<form>svg|png)$",
        model_views.picture,
        name="model_picture",
    ),
]
