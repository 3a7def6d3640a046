"""The broker in a folder: several processes begin on it at once, and after one that was killed."""

import json
import subprocess
import sys
import time
from uuid import uuid4

import pytest
from kombu import Connection, Exchange, Queue

from config.celery import EXCHANGES, broker_options

BIND = """
import sys, time
from pathlib import Path
from kombu import Connection, Exchange, Queue
from config.celery import broker_options
start, number, folder = float(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
for turn in range(20):
    time.sleep(max(0, start + 0.05 * turn - time.time()))
    options = broker_options("filesystem://", folder / str(turn))
    with Connection("filesystem://localhost", transport_options=options) as connection:
        Queue(f"queue-{number}-{turn}", Exchange("cpu"), routing_key="cpu")(connection.default_channel).declare()
"""
PROCESSES = 6


def bound(folder):
    return {queue for _key, _pattern, queue in json.loads((folder / "control" / "cpu.exchange").read_text())}


def declared(folder):
    """A new queue's name: kombu binds a name once in a process."""
    queue = f"queue-{uuid4()}"
    options = broker_options("filesystem://", folder)
    with Connection("filesystem://localhost", transport_options=options) as connection:
        Queue(queue, Exchange("cpu"), routing_key="cpu")(connection.default_channel).declare()
    return queue


def test_processes_that_begin_at_once_are_all_bound(tmp_path):
    start = time.time() + 3
    begun = [
        subprocess.Popen([sys.executable, "-c", BIND, str(start), str(number), str(tmp_path)], stderr=subprocess.PIPE)
        for number in range(PROCESSES)
    ]
    for process in begun:
        _, said = process.communicate()
        assert process.returncode == 0, said.decode()
    for turn in range(20):
        assert bound(tmp_path / str(turn)) == {f"queue-{number}-{turn}" for number in range(PROCESSES)}


@pytest.mark.parametrize("left", ["", '[["cpu", '])
def test_what_a_killed_process_left_half_written_stops_nobody(tmp_path, left):
    (tmp_path / "control").mkdir()
    for exchange in EXCHANGES:
        (tmp_path / "control" / f"{exchange}.exchange").write_text(left)
    queue = declared(tmp_path)
    assert bound(tmp_path) == {queue}


def test_a_table_in_use_is_left_alone(tmp_path):
    queue = declared(tmp_path)
    broker_options("filesystem://", tmp_path)
    assert bound(tmp_path) == {queue}
    assert not list((tmp_path / "control").glob(".new-*"))
