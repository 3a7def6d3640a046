"""`manage.py account NAME --role researcher`: make an account, or change one's role or password."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User


class Command(BaseCommand):
    help = "Make an account for a researcher or an admin, or change the role and the password of one that is there."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="What they sign in with.")
        parser.add_argument("--role", choices=User.Role.values, help="researcher if not given and the account is new.")
        parser.add_argument("--password-stdin", action="store_true", help="Read the password from standard input.")

    def handle(self, *args: Any, name: str, role: str | None, password_stdin: bool, **options: Any) -> None:
        user = User.objects.filter(username=name).first()
        is_new = user is None
        user = user or User(username=name, role=User.Role.RESEARCHER)
        user.role = role or user.role
        password = self._password(password_stdin)
        try:
            user.set_password(password)
            user.clean_fields()
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        self.stdout.write(f"{name} {'made' if is_new else 'changed'}: {user.role}.")

    def _password(self, from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\n")
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("The same again: "):
            raise CommandError("The two passwords differ; nothing was changed.")
        return password
