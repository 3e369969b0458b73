"""Deadlines: slow heads, slow bodies, a silent store. Only a test build lets them be shortened."""

# builds: sanitize
# time limit: 300

import os
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import OK, Front, Keys, body_of, parse, read_all, read_answer  # noqa: E402

HEAD, IDLE, DRAIN = 1000, 3000, 2000  # ms
YIELD, HOUR = 30000, 3000  # HOUR: what the configuration calls one
SLACK = 15  # seconds: libmicrohttpd counts in seconds, and the machine may be busy; the tests wait 20


def closed_after(s, ms, start):
    """The connection ends without a word, in its time."""
    try:
        got = read_all(s)
    except ConnectionResetError:
        got = b""
    took = time.monotonic() - start
    assert got == b"", got[:60]
    assert ms / 1000 - 0.1 <= took <= ms / 1000 + SLACK, f"{took:.1f} s"


def slow_heads(front):
    """A total deadline: a byte now and then doesn't help."""
    start = time.monotonic()
    with front.connect() as silent, front.connect() as half, front.connect() as trickle:
        half.sendall(b"GET / HTTP/1.1\r\nHost: ")
        try:
            for _ in range(40):
                trickle.sendall(b"G")
                time.sleep(0.1)
            raise AssertionError("it could go on for 4 s")
        except (BrokenPipeError, ConnectionResetError):
            assert time.monotonic() - start < HEAD / 1000 + SLACK
        for s in (silent, half):
            try:
                assert read_all(s) == b""
            except ConnectionResetError:
                pass


def idle_body(front):
    """Nothing comes any more: the upload is given up."""
    body = body_of(front.get("/").token(), b"m", [("a", b"b" * 100_000)])
    aborted = front.store.aborted
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body[:50_000])
        closed_after(s, IDLE, time.monotonic())
    front.store.wait(lambda: front.store.aborted == aborted + 1)


def steady_body(front):
    """A slow line that never falls silent: longer than any deadline, and it arrives."""
    body = body_of(front.get("/").token(), b"m", [("a", b"b" * 20)])
    start = time.monotonic()
    with front.connect() as s:
        s.sendall(front.head_of(len(body)))
        step = len(body) // 8 + 1
        for i in range(0, len(body), step):
            s.sendall(body[i:i + step])
            time.sleep(IDLE / 1000 * 0.6)
        assert parse(read_answer(s))[0] == 303
    assert time.monotonic() - start > 3 * IDLE / 1000


def silent_store(front):
    """The store says nothing, at the beginning or at the end."""
    body = body_of(front.get("/").token(), b"m", [("a", b"b" * 100_000)])
    for which in ("begin", "commit"):
        setattr(front.store, which, None)
        start = time.monotonic()
        with front.connect() as s:
            s.sendall(front.head_of(len(body)) + body)
            status, _, page = parse(read_answer(s))
        took = time.monotonic() - start
        assert status == 503 and b"do not know whether it was stored" in page, status
        assert IDLE / 1000 - 0.1 <= took <= IDLE / 1000 + SLACK, f"{took:.1f} s"
        setattr(front.store, which, OK)
    assert front.post(body).status == 303


def slow_refused(front):
    """Refused, but it takes its time to send: the page comes before the end of the body."""
    answers = []
    with front.connect() as s:
        reader = threading.Thread(target=lambda: answers.append((read_answer(s), time.monotonic())), daemon=True)
        reader.start()
        start = time.monotonic()
        s.sendall(front.head_of(5 * 2**20))
        try:
            for _ in range(100):
                s.sendall(b"x" * 1000)
                time.sleep(0.1)
            raise AssertionError("it could go on for 10 s")
        except (BrokenPipeError, ConnectionResetError):
            pass
        ended = time.monotonic() - start
        reader.join(20)
    (answer, when), = answers
    assert parse(answer)[0] == 413
    assert DRAIN / 1000 - 0.1 <= when - start < ended, f"{when - start:.1f} s of {ended:.1f} s"
    assert ended < 2 * DRAIN / 1000 + SLACK, f"{ended:.1f} s"


def endless(front):
    """A line that is never silent, and never done: ended when the longest time is over, and told so."""
    given_back = front.mailbox.given_back
    start = time.monotonic()
    with front.connect() as s:
        answers = []
        reader = threading.Thread(target=lambda: answers.append(read_answer(s)), daemon=True)
        s.sendall(front.head_of(2**19) + body_of(front.get("/").token(), b"m", [("a", b"b" * 1000)])[:-60])
        reader.start()
        try:
            while reader.is_alive() and time.monotonic() - start < 30:
                s.sendall(b"x")
                time.sleep(0.1)
        except (BrokenPipeError, ConnectionResetError):
            pass
        reader.join(20)
    took = time.monotonic() - start
    (status, _, page), = map(parse, answers)
    assert status == 503 and b"This took too long" in page and b"longer than 1 h" in page, (status, page)
    assert b"None of it was kept" in page
    assert HOUR / 1000 <= took <= (HOUR + DRAIN) / 1000 + SLACK, f"{took:.1f} s"
    front.until(lambda: front.mailbox.given_back == given_back + 1)
    assert front.post(body_of(front.get("/").token(), b"m")).status == 303


def main():
    build = os.path.abspath(sys.argv[1])
    keys = Keys(build)
    for unix in (False, True):
        with Front(build, {"store": {"max_upload": "1M"}}, keys, timing=(HEAD, IDLE, DRAIN), unix=unix) as front:
            for scene in (slow_heads, idle_body, steady_body, silent_store, slow_refused):
                start = time.monotonic()
                scene(front)
                print(f"{time.monotonic() - start:6.2f} s  {scene.__name__}{' (unix)' if unix else ''}", flush=True)
        conf = {"store": {"max_upload": "1M", "max_upload_hours": "1"}}
        with Front(build, conf, keys, timing=(HEAD, IDLE, DRAIN, YIELD, HOUR), unix=unix) as front:
            endless(front)


main()
