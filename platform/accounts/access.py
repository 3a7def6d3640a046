"""Decorators that keep a page for the role it is made for."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from accounts.models import User

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def signed_in(request: HttpRequest) -> User:
    """The user of a request that `researcher_page` or `admin_page` let through."""
    return cast(User, request.user)


def researcher_page(view: View[P]) -> View[P]:
    """For everyone with an account."""
    return login_required(view)


def admin_page(view: View[P]) -> View[P]:
    """For admins only; a researcher gets a 403 that says so."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not signed_in(request).is_lab_admin:
            raise PermissionDenied(_("This page is for admins. Ask one to give your account that role."))
        return view(request, *args, **kwargs)

    return cast(View[P], login_required(guarded))
