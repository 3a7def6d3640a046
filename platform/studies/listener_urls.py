from django.urls import path

from studies import before_after_views as around
from studies import headphone_views
from studies import listener_views as views

app_name = "listen"
urlpatterns = [
    path("s/<str:token>/", views.session_page, name="session"),
    path("s/<str:token>/consent", views.consent, name="consent"),
    path("s/<str:token>/headphone-check/begin", headphone_views.begin, name="headphone_begin"),
    path("s/<str:token>/headphone-check/level", headphone_views.level, name="headphone_level"),
    path("s/<str:token>/headphone-check/example", headphone_views.example, name="headphone_example"),
    path("s/<str:token>/headphone-check/<str:trial>", headphone_views.answer, name="headphone_answer"),
    path("s/<str:token>/headphone-check/<str:trial>/sound", headphone_views.sound, name="headphone_sound"),
    path("s/<str:token>/instructions", views.instructions, name="instructions"),
    path("s/<str:token>/volume", views.volume, name="volume"),
    path("s/<str:token>/pages/<int:number>/finish", views.finish_page, name="finish_page"),
    path("s/<str:token>/headphones", views.headphones, name="headphones"),
    path("s/<str:token>/ratings", views.ratings, name="ratings"),
    path("s/<str:token>/sound/<str:slot>", views.sound, name="sound"),
    path("s/<str:token>/questions/<str:stage>", around.answer, name="answer"),
    path("s/<str:token>/break", around.after_break, name="after_break"),
    path("s/<str:token>/withdraw", around.withdraw, name="withdraw"),
    path("<str:link>/", views.start, name="start"),
    path("<str:link>/code", around.resume, name="resume"),
    path("<str:link>/withdrawn", around.withdrawn, name="withdrawn"),
]
