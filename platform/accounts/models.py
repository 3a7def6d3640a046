"""Who may do what. Listeners have no account: they follow a link."""

from typing import ClassVar, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """A researcher, who makes studies and reads results; or an admin, who also builds data sets and trains models."""

    class Role(models.TextChoices):
        RESEARCHER = "researcher", _("Researcher")
        ADMIN = "admin", _("Admin")

    role = models.CharField(_("role"), max_length=16, choices=Role, default=Role.RESEARCHER)

    objects: ClassVar[UserManager[Self]] = UserManager()

    @property
    def is_lab_admin(self) -> bool:
        return self.role == self.Role.ADMIN
