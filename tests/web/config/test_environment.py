"""A wrong environment stops start-up, and says what to write instead."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.environment import Environment, WrongEnvironment

ROOT = Path(__file__).resolve().parents[3]


def read(values, reader):
    environment = Environment(values)
    result = reader(environment)
    return result, environment.problems


WRONG = [
    ("DEBUG", "maybe", lambda e: e.flag("DEBUG", False, "x"), "neither true nor false"),
    ("N", "0", lambda e: e.number("N", 5, "x", low=1, high=9), "from 1 to 9"),
    ("N", "ten", lambda e: e.number("N", 5, "x", low=1, high=9), "from 1 to 9"),
    ("MEDIA_ROOT", "media", lambda e: e.folder("MEDIA_ROOT", Path("/tmp"), "x"), "not an absolute path"),
    ("MEDIA_ROOT", __file__, lambda e: e.folder("MEDIA_ROOT", Path("/tmp"), "x"), "a file, not a folder"),
    ("ALLOWED_HOSTS", "a.example,,b", lambda e: e.hosts("ALLOWED_HOSTS", [], "x"), "empty"),
    ("ALLOWED_HOSTS", "http://a.example/", lambda e: e.hosts("ALLOWED_HOSTS", [], "x"), "address with a path"),
    ("DATABASE_URL", "mysql://u@h/db", lambda e: e.database("DATABASE_URL", "sqlite:////tmp/x", "x"), "'mysql'"),
    ("DATABASE_URL", "postgresql://u@h", lambda e: e.database("DATABASE_URL", "sqlite:////tmp/x", "x"), "no database"),
    ("BROKER_URL", "amqp://h", lambda e: e.broker("BROKER_URL", "filesystem://", "x"), "'amqp'"),
    ("SECRET_KEY", "short", lambda e: e.secret("SECRET_KEY", lambda: "kept", "x"), "shorter than 32"),
]


@pytest.mark.parametrize(("name", "value", "reader", "message"), WRONG)
def test_a_wrong_value_is_named_with_what_to_write(name, value, reader, message):
    _, problems = read({name: value}, reader)
    assert len(problems) == 1
    assert message in problems[0].message
    assert problems[0].message.startswith(name)
    assert name in problems[0].hint


def test_right_values_are_taken():
    values = {"DEBUG": "true", "N": "7", "ALLOWED_HOSTS": "a.example, b.example", "BROKER_URL": "redis://h:6379/0"}
    environment = Environment(values)
    assert environment.flag("DEBUG", False, "x") is True
    assert environment.number("N", 1, "x", low=1, high=9) == 7
    assert environment.hosts("ALLOWED_HOSTS", [], "x") == ["a.example", "b.example"]
    assert environment.broker("BROKER_URL", "filesystem://", "x") == "redis://h:6379/0"
    assert environment.problems == []


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "BROKER_URL"])
def test_a_secret_is_never_printed(name):
    value = "ftp://me:hunter2@h/x" if name != "SECRET_KEY" else "hunter2"
    environment = Environment({name: value})
    environment.secret("SECRET_KEY", lambda: "kept", "x")
    environment.database("DATABASE_URL", "sqlite:////tmp/x", "x")
    environment.broker("BROKER_URL", "filesystem://", "x")
    with pytest.raises(WrongEnvironment) as stopped:
        environment.stop_if_wrong()
    assert name in str(stopped.value)
    assert "hunter2" not in str(stopped.value)


def run(command, tmp_path, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_check_shows_each_problem_under_its_id(tmp_path):
    done = run(["manage.py", "check"], tmp_path, DEBUG="maybe", JOB_LEASE_SECONDS="0")
    assert done.returncode == 1
    assert "earwitness.E002" in done.stderr
    assert "earwitness.E010" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_web_application_does_not_load_from_a_wrong_environment(tmp_path):
    code = "import sys; sys.path.insert(0, 'platform'); import config.asgi"
    done = run(["-c", code], tmp_path, BROKER_URL="amqp://elsewhere")
    assert done.returncode != 0
    assert "earwitness.E007" in done.stderr
    assert "Traceback" not in done.stderr


def test_platform_is_no_package():
    assert not (ROOT / "platform" / "__init__.py").exists()


def test_the_secret_key_is_made_once_and_kept_private(tmp_path):
    code = "import sys; sys.path.insert(0, 'platform'); from config import settings; print(settings.SECRET_KEY)"
    environment = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**environment, "DATA_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    }
    assert len(keys) == 1
    assert (tmp_path / "secret-key").stat().st_mode & 0o077 == 0
