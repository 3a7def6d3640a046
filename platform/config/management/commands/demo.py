"""`manage.py demo`: the demo study with its accounts, then the embedded installation. What `make demo` runs."""

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.urls import reverse

from accounts.models import User
from config.management.commands.serve import free_port
from config.supervisor import serve
from studies.demo.seed import seed
from training.demo import seed_dataset

HOST = "127.0.0.1"
# Known passwords: so the demo listens on this machine only, and its accounts exist in no other command.
PASSWORDS = {"researcher": "demo-researcher", "admin": "demo-admin"}


class Command(BaseCommand):
    help = "Make the demo study if it is not there, then run the web server and the worker until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default="8000", help="Port to listen on (default: 8000).")

    def handle(self, *args: Any, port: str, **options: Any) -> None:
        number = free_port(HOST, port)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        users = {name: account(name) for name in PASSWORDS}
        study = seed(users["researcher"], self.say)
        seed_dataset(users["admin"])
        address = f"http://{HOST}:{number}"

        def ready() -> None:
            self.say(f"Listener: {address}{reverse('listen:start', args=[study.link])}")
            for name, path in (("researcher", reverse("studies:detail", args=[study.pk])), ("admin", "/training/")):
                self.say(f"{name.title()}: {address}{path} (sign in as {name}, password {PASSWORDS[name]})")
            self.say("Ctrl-C stops both processes; the data stay.")

        os.environ.setdefault("OMP_NUM_THREADS", "2")
        serve(HOST, number, ready)

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def account(name: str) -> User:
    """The demo's account of that role, made at the first start."""
    user = User.objects.filter(username=name).first()
    return user or User.objects.create_user(name, password=PASSWORDS[name], role=User.Role(name))
