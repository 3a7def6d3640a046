"""The production front: nginx, with the configuration that docker-compose.yml mounts, before a real web server."""

import gzip
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.e2e

CONFIGURATION = Path(__file__).resolve().parents[2] / "docker" / "nginx.conf"
# Around the server block that docker/nginx.conf is, what a process without root needs.
WHOLE = """
{user} daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{}}
http {{
  types {{ text/css css; text/javascript js; }}
  access_log off; client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  {server}
}}
"""
SOUNDS = """
from studies.models import Study
from studies import sessions
session = sessions.start(Study.objects.get())
answer = [f"/t/s/{session.token}/sound/{slot.token}" for slot in session.pages.get(number=1).slots.all()]
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def front(installation: Any, make_lab: Any, wait_for: Any) -> Iterator[tuple[str, list[str]]]:
    """nginx's address, and the addresses of one page's sounds."""
    installation.environment["X_ACCEL"] = "true"
    installation.start_web()
    make_lab(installation)
    port = free_port()
    server = CONFIGURATION.read_text()
    for given, here in (
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("/data/", f"{installation.folder}/"),
        ("http://web:8000", installation.url),
    ):
        assert given in server
        server = server.replace(given, here)
    whole = installation.folder / "nginx.conf"
    whole.write_text(
        WHOLE.format(folder=installation.folder, server=server, user="user root;" if os.getuid() == 0 else "")
    )
    installation.start("nginx", ["/usr/sbin/nginx", "-c", str(whole), "-p", str(installation.folder)])
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return urlopen(f"{address}/healthz", timeout=2).status == 200
        except OSError:
            return False

    wait_for("nginx", answers)
    yield address, installation.ask(SOUNDS)


def test_sounds_come_by_nginx_with_nothing_that_tells_them_apart(front):
    address, sounds = front
    answers = [urlopen(address + sound) for sound in sounds]
    assert len(answers) == 5
    heads = [{name.lower(): value for name, value in answer.getheaders() if name != "Date"} for answer in answers]
    assert heads[0]["server"].startswith("nginx") and heads[0]["content-type"] == "audio/flac"
    assert all(head == heads[0] for head in heads)
    assert not {"etag", "last-modified", "x-accel-redirect", "content-disposition"} & set(heads[0])
    bodies = [answer.read() for answer in answers]
    assert {len(body) for body in bodies} == {int(heads[0]["content-length"])}
    assert len(set(bodies)) == 5


def test_media_is_not_served_by_its_path(front):
    address, _sounds = front
    for path in ("/protected/", "/protected/blind/", "/data/media/", "/static/../media/"):
        with pytest.raises(HTTPError) as refused:
            urlopen(address + path)
        assert refused.value.code in (400, 403, 404)


def test_pages_and_their_files_come_through(front):
    address, _sounds = front
    page = urlopen(address + "/account/sign-in/").read().decode()
    style = re.search(r'href="(/static/[^"]+base[^"]*\.css)"', page)
    assert style and "--space" in urlopen(address + style[1]).read().decode()
    packed = urlopen(Request(address + style[1], headers={"Accept-Encoding": "gzip"}))
    assert packed.headers["Content-Encoding"] == "gzip" and "--space" in gzip.decompress(packed.read()).decode()
