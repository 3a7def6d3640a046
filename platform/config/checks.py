"""`manage.py check` says what is wrong with the environment, each problem under its own id."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register
def environment_is_right(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [Error(problem.message, hint=problem.hint, id=problem.id) for problem in settings.ENV.problems]
