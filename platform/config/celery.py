"""The Celery application. The `Job` row is the truth about background work; Celery only delivers its id."""

import fcntl
import json
import os
import tempfile
from pathlib import Path

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

EXCHANGES = ("cpu", "gpu", "celery.pidbox")
"""Those that workers bind queues to."""


def broker_options(url: str, folder: Path) -> dict[str, object]:
    """Transport options: a folder for the embedded broker, a visibility timeout above the longest job for Redis."""
    if not url.startswith("filesystem"):
        return {"visibility_timeout": 14 * 24 * 3600}
    for name in ("messages", "processed", "control"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for exchange in EXCHANGES:
        _begin_table(folder / "control" / f"{exchange}.exchange")
    return {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "processed_folder": str(folder / "processed"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
    }


def _begin_table(file: Path) -> None:
    """Write an exchange's empty table, unless there is one that can be read.

    kombu makes the file first and locks and fills it afterwards: a process that comes in between, or after one that
    was killed there, finds an empty file and ends. It takes turns only over tables that exist.
    """
    if file.exists():
        with file.open() as table:
            fcntl.flock(table, fcntl.LOCK_SH)
            try:
                json.load(table)
                return
            except ValueError:
                file.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=file.parent, prefix=".new-") as begun:
        begun.write("[]")
        begun.flush()
        try:
            os.link(begun.name, file)
        except FileExistsError:
            return  # Another process was first.


def configure(app: Celery) -> Celery:
    from django.conf import settings

    app.conf.update(
        # kombu wants a host name even for a folder.
        broker_url="filesystem://localhost" if settings.BROKER_URL.startswith("filesystem") else settings.BROKER_URL,
        broker_transport_options=broker_options(settings.BROKER_URL, settings.DATA_DIR / "broker"),
        broker_connection_retry_on_startup=True,
        task_ignore_result=True,
        # A claimed row, not the message, says that a job is being done: so the message may go at once.
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        worker_soft_shutdown_timeout=10,
        worker_hijack_root_logger=False,
        task_default_queue="cpu",
        timezone="UTC",
        include=["workers.cpu", "workers.gpu", "workers.lifecycle"],
    )
    return app


app = Celery("earwitness", set_as_current=True)
app.on_configure.connect(lambda sender, **_: configure(sender), weak=False)
