"""Whose studies somebody may see."""

from django.db.models import QuerySet

from accounts.models import User
from studies.models import Study


def studies_of(user: User) -> QuerySet[Study]:
    """A researcher's own; an admin's are all."""
    return Study.objects.all() if user.is_lab_admin else Study.objects.filter(owner=user)
