"""How listeners come and go: parameters of their link, their code on another device, and the way back at the end."""

import re
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from studies.models import Session, Study, WrongCode
from studies.options import StudyOptions

PERSON, STUDY, VISIT = "PROLIFIC_PID", "STUDY_ID", "SESSION_ID"
MOST_PARAMETERS = 10
LONGEST_PARAMETER = 200
WRONG_CODES = 5
COOKIE_SECONDS = 60 * 24 * 3600


class CodeError(ValueError):
    """The code leads to no session; the text says why, for the listener."""


class TooManyCodes(CodeError):
    """So many wrong codes came from one network address that no more are looked at for a minute."""


def parameters(query: QueryDict) -> dict[str, str]:
    """What a listener's link carries beside its address: at most ten parameters, those of Prolific first.

    A parameter of more than 200 characters, or of characters that can't be printed, is left out: half an identifier
    would be nobody's.
    """
    names = [name for name in (PERSON, STUDY, VISIT) if name in query]
    names += [name for name in query if name not in names]
    values = {name: str(query[name]) for name in names}
    usable = {name: value for name, value in values.items() if _usable(name) and _usable(value)}
    return dict(list(usable.items())[:MOST_PARAMETERS])


def _usable(text: str) -> bool:
    return 0 < len(text) <= LONGEST_PARAMETER and text.isprintable()


def is_somebody_else(session: Session, arriving: Mapping[str, str]) -> bool:
    """Whether another Prolific participant sits at the browser than the one who began the session."""
    before = session.listener.arrived_with.get(PERSON)
    return before is not None and arriving.get(PERSON, before) != before


def own_session(request: HttpRequest, study: Study) -> Session | None:
    """The session that this browser began, unless its link now names another person."""
    token = request.COOKIES.get(_cookie(study), "")
    sessions = Session.objects.select_related("listener")
    session = sessions.filter(token=token, listener__study=study).first()
    return None if session is None or is_somebody_else(session, parameters(request.GET)) else session


def remember(response: HttpResponseBase, session: Session) -> None:
    """Let this browser come back to the session by the study's link."""
    response.set_cookie(
        _cookie(session.listener.study),
        session.token,
        max_age=COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )


def forget(response: HttpResponseBase, study: Study) -> None:
    response.delete_cookie(_cookie(study), samesite="Lax")


def _cookie(study: Study) -> str:
    return f"listener-{study.link}"


def parameters_of(study: Study) -> dict[str, dict[str, str]]:
    """What each listener's link carried, by the listener's code."""
    return dict(study.listeners.filter(withdrawn_at=None).values_list("code", "arrived_with"))


def return_address(options: StudyOptions, arrived_with: Mapping[str, str]) -> str:
    """Where the last page's button leads; empty: nowhere.

    `{code}`, and any of the link's parameters such as `{PROLIFIC_PID}`, are replaced, encoded for an address; what the
    listener came without becomes nothing. An address with neither these nor a query gets Prolific's `?cc=` and code.
    """
    address = options.return_url
    if re.search(r"\{\w+\}", address):
        values = {**arrived_with, "code": options.completion_code}
        return re.sub(r"\{(\w+)\}", lambda match: quote(values.get(match[1], ""), safe=""), address)
    parts = urlsplit(address)
    if address and options.completion_code and not parts.query:
        return urlunsplit(parts._replace(query=f"cc={quote(options.completion_code, safe='')}"))
    return address


def network_address(request: HttpRequest) -> str:
    """Whom the request came from, as the outermost of our own proxies saw it.

    Each proxy appends the address that it heard from to X-Forwarded-For; what stands further left, anybody can write.
    """
    heard = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    heard.append(request.META.get("REMOTE_ADDR", ""))
    proxies = bool(settings.X_ACCEL_PREFIX) + bool(settings.SECURE_PROXY_SSL_HEADER)
    return heard[max(-1 - proxies, -len(heard))]


def session_of_code(study: Study, code: str, address: str) -> Session:
    """The session to go on with.

    A finished session is not given out: codes may stand in published tables, and who reads them there must neither
    see a listener's results nor delete them.

    Raises
    ------
    CodeError
        No listener of the study has the code, or that listener is done. `TooManyCodes`: five wrong ones within a
        minute from one address.
    """
    # Noted before it is looked up: of many tries at once, none is free.
    key = salted_hmac("studies.arrival", address, algorithm="sha256").hexdigest()
    WrongCode.objects.filter(tried_at__lt=timezone.now() - timedelta(minutes=1)).delete()
    attempt = WrongCode.objects.create(address=key)
    if WrongCode.objects.filter(address=key).count() > WRONG_CODES:
        attempt.delete()
        raise TooManyCodes(_("Too many wrong codes. Wait a minute, then try again."))
    sessions = Session.objects.select_related("listener__study").filter(listener__is_simulated=False)
    typed = re.sub(r"[\s-]", "", code).upper()
    session = sessions.filter(listener__study=study, listener__code=typed).first()
    if session is None:
        raise CodeError(_("Nobody in this test has that code. Look at it again on the device where you began."))
    attempt.delete()
    if session.finished_at:
        raise CodeError(_("You have finished this test on another device. There is nothing left to do."))
    return session
