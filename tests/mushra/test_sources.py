"""Every public function of the method says where its rule comes from: a page, the paper, a publication, or us."""

import importlib
import inspect
import re

import pytest

from mushra import stats
from mushra.screening.rules import RULES

SOURCE = re.compile(r"\bpp? \d|\bpaper\b|P\.1401|BS\.\d|\b(19|20)\d\d\b|\bours\b")
DESIGN = ("anchors", "balance", "check", "headphones", "loudness", "order", "power")


def functions():
    found = [getattr(stats, name) for name in stats.__all__]
    for name in DESIGN:
        module = importlib.import_module(f"mushra.design.{name}")
        found += [one for key, one in vars(module).items() if not key.startswith("_") and own(one, module.__name__)]
    return [one for one in found if inspect.isfunction(one)] + list(RULES)


def own(thing, module):
    return inspect.isfunction(thing) and thing.__module__ == module


@pytest.mark.parametrize("function", functions(), ids=lambda one: f"{one.__module__}.{one.__name__}")
def test_a_function_names_its_source(function):
    assert SOURCE.search(inspect.getdoc(function) or ""), f"{function.__name__} says nothing of its source"
