"""A listener stops and has everything deleted. What stays is the code and when it happened."""

from collections.abc import Callable
from functools import wraps

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from studies.models import Listener, Session

Endpoint = Callable[[HttpRequest, str], JsonResponse]


def withdraw(session: Session) -> None:
    """Delete the session and everything else that belongs to its listener, in one transaction."""
    with transaction.atomic():
        # Ratings that are just coming in hold this row: they are stored first, and then deleted with the rest.
        if not Session.objects.select_for_update().filter(pk=session.pk).first():
            return
        listener = Listener.objects.get(pk=session.listener_id)
        # The session with its pages, ratings, events, answers and trials, and decisions of other apps.
        for relation in Listener._meta.related_objects:
            relation.related_model._base_manager.filter(**{relation.field.name: listener}).delete()
        now = timezone.now()
        Listener.objects.filter(pk=listener.pk).update(
            withdrawn_at=now, created_at=now, arrived_with={}, headphones=None, passed_headphone_check=None
        )


def unless_gone(endpoint: Endpoint) -> Endpoint:
    """For an endpoint that stores what a browser kept: 410 for a session that is not there, nothing stored.

    The session's row is held meanwhile, so that a deletion comes before or after, never in the middle.
    """

    @wraps(endpoint)
    def guarded(request: HttpRequest, token: str) -> JsonResponse:
        with transaction.atomic():
            if not Session.objects.select_for_update().filter(token=token).first():
                words = _("The data of this session is deleted: nothing more is stored.")
                return JsonResponse({"error": words, "gone": True}, status=410)
            return endpoint(request, token)

    return guarded
