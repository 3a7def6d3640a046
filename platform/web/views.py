"""Pages that belong to no subject: the front door and the health check."""

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render


def home(request: HttpRequest) -> HttpResponseBase:
    """Those with an account go to their studies; anybody else reads what this is."""
    if request.user.is_authenticated:
        return redirect("studies:index")
    return render(request, "web/home.html")


def healthy(request: HttpRequest) -> HttpResponse:
    """Answers once the database does, for supervisors and load balancers."""
    connection.ensure_connection()
    return HttpResponse("ok\n", content_type="text/plain")
