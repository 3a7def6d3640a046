"""Reads settings from the environment, strictly.

A wrong value never gets a silent default. It is collected here as a `Problem`, shown by `manage.py check` under
its id, and stops the web server and the workers before they touch anything (`stop_if_wrong`).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url

T = TypeVar("T")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
# Their values carry passwords, so messages never show them.
SECRET_NAMES = frozenset({"DATABASE_URL", "BROKER_URL", "SECRET_KEY"})
BROKER_SCHEMES = ("filesystem", "redis", "rediss", "redis+socket")


@dataclass(frozen=True)
class Problem:
    """One wrong environment variable: `id` is stable, `hint` says what to write instead."""

    id: str
    message: str
    hint: str


class WrongEnvironment(SystemExit):
    """The environment is wrong, so nothing may start."""


@dataclass
class Environment:
    """A reader over environment variables that remembers what was wrong with them."""

    values: Mapping[str, str] = field(default_factory=lambda: os.environ)
    problems: list[Problem] = field(default_factory=list)

    def _read(self, name: str, default: T, id_: str, parse: Callable[[str], T], hint: str) -> T:
        raw = self.values.get(name)
        if raw is None:
            return default
        try:
            return parse(raw)
        except ValueError as error:
            shown = f"{name}={raw!r}" if name not in SECRET_NAMES else name
            self.problems.append(Problem(id_, f"{shown}: {error}", hint))
            return default

    def flag(self, name: str, default: bool, id_: str) -> bool:
        words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}

        def parse(raw: str) -> bool:
            if raw.lower() not in words:
                raise ValueError("neither true nor false")
            return words[raw.lower()]

        return self._read(name, default, id_, parse, f"Write {name}=true or {name}=false.")

    def number(self, name: str, default: int, id_: str, *, low: int, high: int) -> int:
        def parse(raw: str) -> int:
            if not raw.isdecimal() or not low <= int(raw) <= high:
                raise ValueError(f"not a whole number from {low} to {high}")
            return int(raw)

        return self._read(name, default, id_, parse, f"Write a whole number, such as {name}={default}.")

    def folder(self, name: str, default: Path, id_: str) -> Path:
        def parse(raw: str) -> Path:
            path = Path(raw)
            if not path.is_absolute():
                raise ValueError("not an absolute path")
            if path.exists() and not path.is_dir():
                raise ValueError("a file, not a folder")
            return path

        return self._read(name, default, id_, parse, f"Write an absolute folder, such as {name}=/srv/earwitness.")

    def hosts(self, name: str, default: list[str], id_: str) -> list[str]:
        def parse(raw: str) -> list[str]:
            hosts = [host.strip() for host in raw.split(",")]
            if any(not host or "/" in host for host in hosts):
                raise ValueError("a host is empty or looks like an address with a path")
            return hosts

        return self._read(name, default, id_, parse, f"Write host names apart by commas: {name}=lab.example,127.0.0.1.")

    def database(self, name: str, default: str, id_: str) -> dict[str, Any]:
        hint = f"Write {name}=postgresql://user:password@host:5432/name or {name}=sqlite:////srv/earwitness/db.sqlite3."

        def parse(raw: str) -> dict[str, Any]:
            scheme = urlsplit(raw).scheme
            if scheme not in DATABASE_SCHEMES:
                raise ValueError(f"the scheme {scheme!r} is none of {', '.join(DATABASE_SCHEMES)}")
            parsed = dict(dj_database_url.parse(raw))
            if not parsed.get("NAME"):
                raise ValueError("no database name")
            return parsed

        return self._read(name, parse(default), id_, parse, hint)

    def broker(self, name: str, default: str, id_: str) -> str:
        def parse(raw: str) -> str:
            scheme = urlsplit(raw).scheme
            if scheme not in BROKER_SCHEMES:
                raise ValueError(f"the scheme {scheme!r} is none of {', '.join(BROKER_SCHEMES)}")
            return raw

        return self._read(name, default, id_, parse, f"Write {name}=redis://host:6379/0 or {name}=filesystem://.")

    def secret(self, name: str, fallback: Callable[[], str], id_: str) -> str:
        def parse(raw: str) -> str:
            if len(raw) < 32:
                raise ValueError("shorter than 32 characters")
            return raw

        if name not in self.values:
            return fallback()
        hint = f"Write 50 random characters: {name}=$(python -c 'import secrets; print(secrets.token_urlsafe(50))')."
        return self._read(name, "unusable" * 8, id_, parse, hint)

    def stop_if_wrong(self) -> None:
        """Raise `WrongEnvironment` naming every problem. Web and worker processes call this first."""
        if self.problems:
            lines = [f"{p.message}\n    {p.hint} ({p.id})" for p in self.problems]
            raise WrongEnvironment("Earwitness does not start: the environment is wrong.\n" + "\n".join(lines))
