"""What a worker does besides its tasks: refuse a wrong environment, and put lost jobs back on their queues."""

import logging
import threading
from typing import Any

from celery.signals import worker_init, worker_ready, worker_shutting_down
from django.conf import settings
from django.db import close_old_connections, connection

from jobs import services

logger = logging.getLogger(__name__)
_stop = threading.Event()


@worker_init.connect
def refuse_wrong_environment(**kwargs: Any) -> None:
    settings.ENV.stop_if_wrong()


@worker_ready.connect
def start_reconciler(**kwargs: Any) -> None:
    """Every worker reconciles: each step is a conditional UPDATE, so that several at once do no harm."""
    _stop.clear()
    threading.Thread(target=_reconcile_until_stopped, name="reconciler", daemon=True).start()


@worker_shutting_down.connect
def stop_reconciler(**kwargs: Any) -> None:
    _stop.set()


def _reconcile_until_stopped() -> None:
    while True:
        try:
            sent = services.reconcile()
            if sent:
                logger.info("Sent %d waiting jobs to their queues", sent)
        except Exception:
            logger.exception("Could not reconcile; trying again in %d s", settings.RECONCILE_SECONDS)
            close_old_connections()
        if _stop.wait(settings.RECONCILE_SECONDS):
            connection.close()
            return
