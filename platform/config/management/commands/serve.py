"""`manage.py serve`: the embedded installation, web server and worker, in one command."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.supervisor import is_free, serve


class Command(BaseCommand):
    help = "Bring the database up to date, then run the web server and the worker until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default: 127.0.0.1).")
        parser.add_argument("--port", default="8000", help="Port to listen on (default: 8000).")

    def handle(self, *args: Any, host: str, port: str, **options: Any) -> None:
        number = free_port(host, port)
        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        serve(host, number, lambda: self.stdout.write(f"Earwitness: http://{host}:{number}/"))


def free_port(host: str, port: str) -> int:
    """The port as a number, or a `CommandError` that says what to do."""
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise CommandError(f"PORT is {port!r}: write a whole number from 1 to 65535, such as PORT=8080.")
    if not is_free(host, int(port)):
        raise CommandError(f"Port {port} on {host} is taken. Stop what uses it, or take another: PORT=8080 make demo")
    return int(port)
