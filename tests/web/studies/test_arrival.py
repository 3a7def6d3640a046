"""Coming by a recruiting service's link, by a code from another device, and going back at the end."""

from datetime import timedelta

import pytest
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from studies import arrival
from studies.models import Listener, Session, Study, WrongCode
from studies.options import StudyOptions

PROLIFIC = {"PROLIFIC_PID": "5f0", "STUDY_ID": "60a", "SESSION_ID": "61b"}


def come(study, client=None, **parameters) -> Client:
    client = client or Client()
    address = reverse("listen:start", args=[study.link])
    query = QueryDict(mutable=True)
    query.update(parameters)
    client.post(f"{address}?{query.urlencode()}")
    return client


@pytest.mark.django_db
def test_the_parameters_of_the_link_are_kept(study):
    come(study, **PROLIFIC, panel="b")
    assert Listener.objects.get().arrived_with == {**PROLIFIC, "panel": "b"}
    assert arrival.parameters_of(study) == {Listener.objects.get().code: {**PROLIFIC, "panel": "b"}}


@pytest.mark.django_db
def test_they_survive_the_start_page_and_a_wrong_code(study, client):
    start = reverse("listen:start", args=[study.link]) + "?PROLIFIC_PID=5f0&a=1%262"
    page = client.get(start).content.decode()
    assert f'action="{start.replace("&", "&amp;")}"' in page
    page = client.post(reverse("listen:resume", args=[study.link]) + "?PROLIFIC_PID=5f0&a=1%262", {"code": "WRONG"})
    assert f'action="{start.replace("&", "&amp;")}"' in page.content.decode()


def test_no_more_than_ten_and_none_cut_in_half():
    query = QueryDict(mutable=True)
    query.update({f"p{n}": str(n) for n in range(12)})
    query.update({"long": "x" * 201, "y" * 201: "1", "bell": "a\x07b", "nul": "\x00", "empty": "", **PROLIFIC})
    found = arrival.parameters(query)
    assert found == {**PROLIFIC, **{f"p{n}": str(n) for n in range(7)}}
    assert arrival.parameters(QueryDict("a=" + "x" * 200)) == {"a": "x" * 200}


@pytest.mark.django_db
def test_the_same_person_comes_back_to_the_session_and_another_gets_one_of_their_own(study):
    client = come(study, **PROLIFIC)
    come(study, client, **{**PROLIFIC, "SESSION_ID": "another"})
    come(study, client)
    assert Listener.objects.count() == 1
    come(study, client, PROLIFIC_PID="somebody else")
    assert sorted(one.arrived_with["PROLIFIC_PID"] for one in Listener.objects.all()) == ["5f0", "somebody else"]


# --- The way back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ""),
        ("https://app.prolific.com/submissions/complete", "https://app.prolific.com/submissions/complete?cc=C%26D"),
        ("https://a.example/?x=1", "https://a.example/?x=1"),
        ("https://a.example/#end", "https://a.example/?cc=C%26D#end"),
        ("https://a.example/{PROLIFIC_PID}?c={code}", "https://a.example/5%2Ff%200?c=C%26D"),
        ("https://a.example/?v={SESSION_ID}", "https://a.example/?v="),
    ],
)
def test_where_the_last_page_leads(address, expected):
    options = StudyOptions(completion_code="C&D", return_url=address)
    assert arrival.return_address(options, {"PROLIFIC_PID": "5/f 0"}) == expected


def test_without_a_code_nothing_is_added():
    assert arrival.return_address(StudyOptions(return_url="https://a.example/"), {}) == "https://a.example/"


@pytest.mark.django_db
def test_the_last_page_has_the_code_and_the_button(study, visitor):
    study.options = StudyOptions(completion_code="C1A2", return_url="https://a.example/done").to_dict()
    study.save()
    Session.objects.update(step=Session.Step.DONE)
    page = visitor.page()
    assert "C1A2" in page and 'href="https://a.example/done?cc=C1A2"' in page


@pytest.mark.django_db
def test_the_last_page_of_a_study_without_them_has_neither(visitor):
    Session.objects.update(step=Session.Step.DONE)
    page = visitor.page()
    assert "completion code" not in page and "Go back and finish" not in page and "You can close this page" in page


# --- A code from another device ------------------------------------------------------------------------------------


def enter(study, code: str, client=None, address: str = "10.0.0.1"):
    client = client or Client()
    return client.post(reverse("listen:resume", args=[study.link]), {"code": code}, REMOTE_ADDR=address)


@pytest.mark.django_db
def test_the_code_is_shown_once_the_listener_has_agreed_and_not_before(visitor):
    code = visitor.session.listener.code
    assert code not in visitor.page()
    visitor.post(visitor.address("consent"), agree="yes")
    assert "to go on from another device" in visitor.page() and code in visitor.page()


@pytest.mark.django_db
def test_a_code_leads_to_the_session_and_the_device_comes_back_to_it(study, visitor):
    visitor.to_the_pages()
    code = visitor.session.listener.code
    client = Client()
    answer = enter(study, f" {code[:4].lower()}-{code[4:]} ", client)
    assert answer.headers["Location"] == visitor.address("session")
    again = client.get(reverse("listen:start", args=[study.link]))
    assert again.headers["Location"] == visitor.address("session")
    assert not WrongCode.objects.exists()


@pytest.mark.django_db
def test_a_code_of_another_study_or_a_simulated_listener_leads_nowhere(study, researcher):
    other = Study.objects.create(title="Other", owner=researcher, state=Study.State.OPEN)
    simulated = Listener.objects.create(study=study, is_simulated=True)
    Session.objects.create(listener=simulated)
    elsewhere = Listener.objects.create(study=other)
    Session.objects.create(listener=elsewhere)
    for code in (simulated.code, elsewhere.code, "", "'; --"):
        answer = enter(study, code)
        assert answer.status_code == 400 and "Nobody in this test has that code" in answer.content.decode()


@pytest.mark.django_db
def test_a_finished_session_is_not_given_out(study, visitor):
    """Its code may stand in a published table."""
    Session.objects.update(finished_at=timezone.now(), step=Session.Step.DONE)
    answer = enter(study, visitor.session.listener.code)
    assert answer.status_code == 400 and "You have finished this test" in answer.content.decode()
    assert visitor.session.token not in answer.content.decode() and not answer.cookies.get(f"listener-{study.link}")


@pytest.mark.django_db
def test_a_closed_study_still_takes_the_codes_of_those_inside(study, visitor):
    Study.objects.update(state=Study.State.CLOSED)
    start = reverse("listen:start", args=[study.link])
    assert "I have a code" in Client().get(start).content.decode()
    assert "This listening test is closed" in enter(study, "WRONG").content.decode()
    assert enter(study, visitor.session.listener.code).headers["Location"] == visitor.address("session")


@pytest.mark.django_db
def test_after_five_wrong_codes_an_address_waits_a_minute(study, visitor):
    code = visitor.session.listener.code
    assert [enter(study, "WRONG").status_code for _ in range(7)] == [400] * 5 + [429] * 2
    answer = enter(study, code)
    assert answer.status_code == 429 and "Wait a minute, then try again" in answer.content.decode()
    # Who tries on meanwhile does not wait longer for it.
    assert WrongCode.objects.count() == 5
    assert enter(study, code, address="10.0.0.2").status_code == 302
    WrongCode.objects.update(tried_at=timezone.now() - timedelta(seconds=61))
    assert enter(study, code).status_code == 302
    assert not WrongCode.objects.exists()


@pytest.mark.django_db
def test_no_network_address_is_stored(study, visitor):
    enter(study, "WRONG", address="10.0.0.1")
    assert "10.0.0.1" not in str(WrongCode.objects.values_list("address", flat=True))


@pytest.mark.parametrize(
    ("accel", "https", "heard", "expected"),
    [
        ("", None, "6.6.6.6", "10.0.0.9"),
        ("/protected/", None, "6.6.6.6, 7.7.7.7", "7.7.7.7"),
        ("", ("HTTP_X_FORWARDED_PROTO", "https"), "7.7.7.7", "7.7.7.7"),
        ("/protected/", ("HTTP_X_FORWARDED_PROTO", "https"), "6.6.6.6, 7.7.7.7, 10.0.0.8", "7.7.7.7"),
        ("/protected/", None, "", "10.0.0.9"),
    ],
)
def test_only_our_own_proxies_are_believed(settings, accel, https, heard, expected):
    settings.X_ACCEL_PREFIX, settings.SECURE_PROXY_SSL_HEADER = accel, https
    request = RequestFactory().post("/", headers={"X-Forwarded-For": heard}, REMOTE_ADDR="10.0.0.9")
    assert arrival.network_address(request) == expected
