from django.urls import path

from studies import views

app_name = "studies"
urlpatterns = [
    path("", views.index, name="index"),
    path("new/", views.new, name="new"),
    path("<int:pk>/", views.detail, name="detail"),
    path("<int:pk>/options", views.edit, name="edit"),
    path("<int:pk>/events.csv", views.events_csv, name="events_csv"),
    path("<int:pk>/prepare", views.prepare, name="prepare"),
    path("<int:pk>/open", views.open_study, name="open"),
    path("<int:pk>/close", views.close_study, name="close"),
]
