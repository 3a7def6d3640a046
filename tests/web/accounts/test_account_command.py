"""`manage.py account`."""

import io

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts.models import User

pytestmark = pytest.mark.django_db
GOOD = "a phrase nobody guesses"


@pytest.fixture
def account(monkeypatch):
    def run(*arguments: str, password: str = GOOD) -> str:
        out = io.StringIO()
        monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
        call_command("account", *arguments, "--password-stdin", stdout=out)
        return out.getvalue().strip()

    return run


def test_a_new_account_is_a_researchers(account):
    assert account("anna") == "anna made: researcher."
    assert authenticate(username="anna", password=GOOD).role == User.Role.RESEARCHER


def test_a_role_is_given_and_kept(account):
    account("anna", "--role", "admin")
    assert account("anna", password="another long phrase") == "anna changed: admin."
    assert authenticate(username="anna", password="another long phrase").is_lab_admin
    assert not authenticate(username="anna", password=GOOD)


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [("anna", "short", "too short"), ("anna", "password123", "too common"), ("an na", GOOD, "valid username")],
)
def test_what_is_wrong_is_said_and_nothing_is_made(account, name, password, words):
    with pytest.raises(CommandError, match=words):
        account(name, password=password)
    assert not User.objects.exists()


def test_an_unknown_role_is_refused(account):
    with pytest.raises(CommandError, match="invalid choice"):
        account("anna", "--role", "owner")


def test_two_different_passwords_change_nothing(monkeypatch):
    answers = iter(["one long phrase", "another long phrase"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        call_command("account", "anna")
    assert not User.objects.exists()
