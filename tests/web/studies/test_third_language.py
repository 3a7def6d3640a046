"""Another language is one .po file in a folder of its own: nothing else is changed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
GERMAN = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Language: de\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Begin"
msgstr "Anfangen"
"""
ASK = """
import json, django
django.setup()
from django.conf import settings
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.translation import override
from studies.models import Study
request = RequestFactory().get("/t/link/")
with override("de"):
    page = render_to_string("studies/listen/start.html", {"study": Study(title="T", link="link")}, request)
print(json.dumps([settings.LANGUAGES, page]))
"""


def test_a_third_language_is_one_file(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "music", "migrations")
    shutil.copytree(ROOT / "platform", tmp_path / "platform", ignore=ignored)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts", ignore=ignored)
    folder = tmp_path / "platform" / "locale" / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(GERMAN)
    subprocess.run([sys.executable, "scripts/compile_messages.py"], cwd=tmp_path, check=True, timeout=60)
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "MEDIA_ROOT")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(tmp_path / "data"),
        "PYTHONPATH": f"{tmp_path / 'platform'}:{ROOT}",
    }
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    languages, page = json.loads(done.stdout.splitlines()[-1])
    assert languages == [["en", "English"], ["de", "Deutsch"], ["pl", "Polski"]]
    assert '<html lang="de">' in page and ">Anfangen</button>" in page
    # What the file does not say yet stays English, not empty.
    assert "You need headphones" in page
    assert 'value="de" lang="de"' in page
