"""A lab's own policy, read from a TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from mushra.screening.policy import POLICIES, SETTINGS, Policy, PolicyError, problem

BASE, OFF = "based_on", "off"
DEFAULTS = {field.name: field.default for field in fields(Policy)}


def read_policy(path: str | Path) -> Policy:
    """Read a policy from a TOML file.

    The keys are the attributes of `Policy`. `name` is needed. `based_on` names a policy of the product whose
    thresholds count where the file gives none. A threshold of "off" switches its rule off.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Policy

    Raises
    ------
    PolicyError
        The file can't be read, is not TOML, or has keys or values that mean nothing; one error names all of them.

    Examples
    --------
    A file that takes over the paper's second test, but is stricter about repeats::

        name = "our-lab"
        based_on = "paper-test-2"
        repeat_difference = 30
        reference_mid_score = "off"
    """
    try:
        given = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise PolicyError(f"{path} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PolicyError(f"{path} is not text in UTF-8 (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path} is not TOML: {error}") from error
    wrong = _problems(given)
    if wrong:
        raise PolicyError(f"{path}: " + "; ".join(wrong))
    base = POLICIES[given.pop(BASE)].to_dict() if BASE in given else {}
    base.pop("version", None)
    return Policy(**{**base, **{key: None if value == OFF else value for key, value in given.items()}})


def _problems(given: Mapping[str, Any]) -> list[str]:
    wrong = [] if "name" in given else ["name is missing: a policy is quoted by its name"]
    for key, value in given.items():
        if key == BASE:
            if not isinstance(value, str) or value not in POLICIES:
                wrong.append(f"{BASE} is {value!r}: expected one of {', '.join(POLICIES)}")
        elif key not in SETTINGS:
            close = get_close_matches(key, SETTINGS, n=1)
            wrong.append(f"unknown key {key}" + (f" (did you mean {close[0]}?)" if close else ""))
        elif value == OFF and key != "name":
            if DEFAULTS[key] is not None:
                wrong.append(f'{key} is "{OFF}": only a threshold can be switched off, and this is none')
        elif text := problem(key, value):
            wrong.append(text)
        elif key == "name" and value in POLICIES:
            wrong.append(f"name is {value!r}: that policy is the product's own; take another name")
    return wrong
