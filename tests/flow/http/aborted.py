"""An upload that fails later is given up in store at once, however much of it is still to come; what is swallowed has its limits."""

# builds: release

import os
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from faults import Faults  # noqa: E402
from frontrig import Front, body_of, parse, read_answer  # noqa: E402

MB = 1024 * 1024
TO_COME = 5 * MB
DRAIN_SECONDS = 60  # LIMIT_DRAIN_MS


def bad_start(front):
    """A form that nobody can take, as far as its fault and some bytes of a file."""
    body = body_of(front.get("/").token(), b"m", [("a", b"b" * 100_000)])[:-60]
    return body.replace(b'name="inbox"', b'name="outbox"')


def store_hears_at_once(front):
    """Before the rest is sent, and before the source is told."""
    store, start = front.store, bad_start(front)
    begun, aborted = store.begun, store.aborted
    with front.connect() as s:
        s.sendall(front.head_of(len(start) + TO_COME) + start)
        store.wait(lambda: store.aborted == aborted + 1, seconds=2)
        assert store.begun == begun + 1
        s.settimeout(0.3)
        try:
            raise AssertionError(f"answered before the rest came: {s.recv(100)}")
        except TimeoutError:
            s.settimeout(20)
        s.sendall(b"x" * TO_COME)
        assert parse(read_answer(s))[0] == 400
    time.sleep(0.2)
    assert store.aborted == aborted + 1 and not store.items, "given up twice, or stored"


def a_minute_of_swallowing(front, faults):
    """Whoever sends the rest more slowly than that is told before its end."""
    start = bad_start(front)
    aborted = front.store.aborted
    with front.connect() as s:
        s.sendall(front.head_of(len(start) + TO_COME) + start)
        front.store.wait(lambda: front.store.aborted == aborted + 1)
        for _ in range(2):  # store hears it before the minute begins: whoever comes now is answered after that
            front.get("/")
        faults.pass_time(DRAIN_SECONDS - 5)
        s.sendall(b"x")
        s.settimeout(0.5)
        try:
            raise AssertionError(f"too early: {s.recv(100)}")
        except TimeoutError:
            s.settimeout(20)
        faults.pass_time(10)
        s.sendall(b"x")
        assert parse(read_answer(s))[0] == 400


def main():
    build = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        faults = Faults(build, folder)
        front = Front(build, {"store": {"max_upload": "64M"}})
        front.env = {**front.env, **faults.env()}
        with front:
            store_hears_at_once(front)
            a_minute_of_swallowing(front, faults)
    print("given up at once; swallowed for a minute at most")


main()
