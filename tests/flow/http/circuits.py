"""The line that tor puts in front of a connection, and fairness among its circuits: who holds most gives way first."""

# builds: release
# time limit: 180
# alone

import os
import resource
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import Front, Keys, body_of, parse, read_all, read_answer  # noqa: E402

PLACES, PER_CIRCUIT, UPLOADS_PER_CIRCUIT = 1600, 32, 8  # limits.h
IN_FLIGHT = 8


def line(circuit):
    return f"PROXY TCP6 fc00:dead:beef:4dad::{circuit >> 16:x}:{circuit & 0xffff:x} ::1 65535 80\r\n".encode()


def come(front, circuit, data=b"", timeout=20):
    s = front.connect(timeout)
    s.sendall(line(circuit) + data)
    return s


def page(front, circuit, timeout=20):
    """The status of a page for somebody of that circuit."""
    with come(front, circuit, f"GET /how HTTP/1.1\r\nHost: {front.host}\r\n\r\n".encode(), timeout) as s:
        return parse(read_answer(s))[0]


def is_closed(s, seconds=5):
    s.settimeout(seconds)
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


def the_line(front):
    """It belongs to nobody's request; without it nobody gets in."""
    request = f"GET /how HTTP/1.1\r\nHost: {front.host}\r\n\r\n".encode()
    assert page(front, 5) == 200
    with front.connect() as s:
        whole, step = line(9) + request, 8 if front.path else 1  # gate.h says why a Unix socket takes no more
        for i in range(0, len(whole), step):
            s.sendall(whole[i:i + step])
        assert parse(read_answer(s))[0] == 200
    with front.connect() as s:
        s.sendall(line(9))
        time.sleep(0.2)
        s.sendall(request)
        assert parse(read_answer(s))[0] == 200
    with front.connect() as s:
        s.sendall(b"PROXY UNKNOWN\r\n" + request)
        assert parse(read_answer(s))[0] == 200
    for bad in (request, b"PROXY TCP6 nonsense\r\n" + request, b"PROXY UNKNOWN" + b"x" * 200, b"\r\n" + line(9) + request,
                line(9).replace(b" ", b"  ", 1) + request, b"\0"):
        with front.connect() as s:
            s.sendall(bad)
            try:
                assert read_all(s) == b"", bad
            except ConnectionResetError:
                pass
    # A second line is no request.
    with come(front, 9, line(9) + request) as s:
        assert parse(read_answer(s))[0] >= 400


def cap(front):
    """One circuit can't hold more than its share; others don't notice."""
    crowd = [come(front, 77, b"GET / HTTP/1.1\r\n") for _ in range(PER_CIRCUIT)]
    time.sleep(0.3)
    with come(front, 77) as one_more:
        assert is_closed(one_more), "one more than its share"
    assert page(front, 78) == 200
    assert not is_closed(crowd[0], 0.1) and not is_closed(crowd[-1], 0.1)
    crowd.pop().close()
    front.until(lambda: page_or_none(front, 77) == 200)
    for s in crowd:
        s.close()


def page_or_none(front, circuit):
    try:
        return page(front, circuit)
    except (ConnectionResetError, BrokenPipeError, IndexError):
        return None


def crowd_gives_way(front):
    """All places taken: the circuits with many connections lose some, the modest ones none, however long they wait."""
    modest = [come(front, 1_000_000 + i, b"GET / HTTP/1.1\r\n") for i in range(20)]
    crowd = []
    for i in range(PLACES - len(modest)):
        crowd.append(come(front, 1 + i // PER_CIRCUIT, b"GET / HTTP/1.1\r\n"))
    for i in range(60):
        assert page(front, 2_000_000 + i) == 200
    newcomers = [come(front, 3_000_000 + i, b"GET / HTTP/1.1\r\n") for i in range(60)]
    assert page(front, 4_000_000) == 200
    assert not any(is_closed(s, 0.02) for s in modest), "a modest one had to give way"
    assert not any(is_closed(s, 0.02) for s in newcomers), "a newcomer had to give way"
    gone = sum(is_closed(s, 0.001) for s in crowd)
    assert 55 <= gone <= 130, f"{gone} of the crowd gave way to about 60"
    for s in modest + crowd + newcomers:
        s.close()
    front.until(lambda: page(front, 5) == 200)
    print(f"{PLACES} places taken: 121 newcomers came in, {gone} of the circuits that hold most went")


class Upload:
    def __init__(self, front, circuit, number, size=10_000):
        body = body_of(f"{number:043d}", b"m", [("a", b"b" * size)])
        self.s = come(front, circuit, front.head_of(len(body)) + body[:5000])
        self.rest = body[5000:]

    def finish(self):
        try:
            self.s.sendall(self.rest)
        except (BrokenPipeError, ConnectionResetError):
            pass
        status = parse(read_answer(self.s))[0]
        self.s.close()
        return status


def uploads(front):
    """One circuit has all uploads: it gives way to others until they have as much; then nobody does."""
    number = 0

    def begin(circuit):
        nonlocal number
        number += 1
        before = front.store.begun
        u = Upload(front, circuit, number)
        front.store.wait(lambda: front.store.begun > before)
        return u

    def refused(circuit):
        nonlocal number
        number += 1
        return Upload(front, circuit, number).finish() == 503

    greedy = []
    for _ in range(UPLOADS_PER_CIRCUIT):
        greedy.append(begin(66))
        time.sleep(0.02)
    assert refused(66), "one more of the circuit that has all"
    others = [begin(67) for _ in range(IN_FLIGHT // 2)]
    assert refused(67), "more than the other one has"
    third = [begin(68)]  # 4 and 4: one more than a newcomer's first
    ended = [u.finish() for u in greedy + others + third]
    assert ended[-1] == 303 and sorted(ended) == [303] * IN_FLIGHT + [503] * (len(ended) - IN_FLIGHT), ended
    # The first ones had been silent longest.
    assert ended[:IN_FLIGHT // 2] == [503] * (IN_FLIGHT // 2), ended
    print("uploads: one circuit gives way until others have as much; who has to is told so")


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 6000:
        print("needs 6,000 descriptors")
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 6000), hard))
    build = os.path.abspath(sys.argv[1])
    conf = {"server": {"proxy_protocol": "yes"}, "store": {"max_in_flight": str(IN_FLIGHT)}}
    for unix in (False, True):
        with Tor(build, conf, Keys(build), unix=unix) as front:
            for scene in (the_line, cap, uploads) + (() if unix else (crowd_gives_way,)):
                scene(front)
                print(f"{scene.__name__}{' (unix)' if unix else ''}", flush=True)


class Tor(Front):
    """The rig's own requests come by a circuit, too."""

    def request(self, method, path, body=None, headers=None):
        connect = self.connect
        try:
            self.connect = lambda timeout=20: _announced(connect(timeout))
            return super().request(method, path, body, headers)
        finally:
            self.connect = connect


def _announced(s):
    s.sendall(line(999_999))
    return s


if __name__ == "__main__":
    main()
