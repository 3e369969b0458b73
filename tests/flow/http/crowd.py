"""1,500 connections at once, some of them forever: pages stay quick, an idle front does nothing."""

# builds: release
# alone

import os
import resource
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import Front, Keys, body_of, parse, read_answer  # noqa: E402

CROWD, PLACES = 1500, 1600  # LIMIT_HTTP_CONNECTIONS


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident(pid):
    """KiB."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS"))


def page_seconds(front):
    start = time.monotonic()
    assert front.get("/").status == 200
    return time.monotonic() - start


def rests(front):
    """It may have a backlog to work off; then a whole second costs it next to nothing."""
    def second():
        before = cpu_seconds(front.process.pid)
        time.sleep(1)
        return cpu_seconds(front.process.pid) - before < 0.1
    front.until(second)


def half_heads(front, n):
    crowd = []
    for _ in range(n):
        s = front.connect()
        s.sendall(b"GET / HTTP/1.1\r\nHost: ")
        crowd.append(s)
    return crowd


def is_open(s):
    s.settimeout(0.2)
    try:
        return s.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionResetError:
        return False


def idle_is_idle(front):
    crowd = half_heads(front, CROWD)
    longest = max(page_seconds(front) for _ in range(50))
    rests(front)
    assert is_open(crowd[0]), "somebody was sent away although there is room"
    print(f"{CROWD} half heads: a page takes at most {longest * 1000:.0f} ms")
    return crowd


def oldest_gives_way(front, crowd):
    crowd += half_heads(front, PLACES - CROWD + 50)
    page_seconds(front)
    assert not is_open(crowd[0]) and is_open(crowd[-1])
    for s in crowd:
        s.close()
    front.until(lambda: page_seconds(front) < 0.1)


def uploads_hold_their_places(front):
    """With all places taken by uploads nobody is sent away: newcomers wait in the kernel."""
    body = body_of("A" * 43, b"m", [("a", b"b" * 10_000)])
    uploads = []
    for i in range(1024):
        s = front.connect()
        token = f"{i:043d}".encode()
        s.sendall(front.head_of(len(body)) + body.replace(b"A" * 43, token)[:5000])
        uploads.append((s, body.replace(b"A" * 43, token)[5000:]))
    front.store.wait(lambda: len(front.store.open) >= 1024, 20)
    print(f"1,024 uploads, 5,000 bytes each so far: {resident(front.process.pid) / 1024:.0f} MiB resident")
    told = front.post(body)
    assert told.status == 503 and "Too many people" in told.h1, told.h1
    page_seconds(front)
    waiting = half_heads(front, 700)  # more than there are places: the oldest of these give way
    page_seconds(front)
    for s, rest in uploads:
        s.sendall(rest)
    for s, _ in uploads:
        assert parse(read_answer(s))[0] == 303
        s.close()
    for s in waiting:
        s.close()
    assert len(front.store.items) == 1024


def wait_in_the_kernel(front):
    """All places are inside, nobody can give way: a newcomer waits until somebody leaves."""
    body = body_of("B" * 43, b"m", [("a", b"b" * 10_000)])
    front.until(lambda: page_seconds(front) < 0.1)
    inside = []
    for i in range(1024):
        s = front.connect()
        s.sendall(front.head_of(len(body)) + body.replace(b"B" * 43, f"{i:b>43d}".encode())[:5000])
        inside.append(s)
    for _ in range(PLACES - 1024):
        s = front.connect()
        s.sendall(front.head_of(2 * 2**30))  # refused, and in no hurry to send what is swallowed
        read_answer(s)
        inside.append(s)
    with front.connect() as late:
        late.sendall(f"GET / HTTP/1.1\r\nHost: {front.host}\r\n\r\n".encode())
        late.settimeout(1)
        try:
            late.recv(1)
            raise AssertionError("there was one place more than there are")
        except TimeoutError:
            pass
        rests(front)
        inside.pop().close()
        assert parse(read_answer(late))[0] == 200
    for s in inside:
        s.close()
    front.until(lambda: page_seconds(front) < 0.1)


def many_pages(front):
    """Eight readers, 1,000 pages each way."""
    failed = []

    def read():
        for _ in range(250):
            if front.get("/how").status != 200:
                failed.append(1)
    threads = [threading.Thread(target=read) for _ in range(8)]
    start = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    print(f"2,000 pages in {time.monotonic() - start:.1f} s")


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 6000:
        print("needs 6,000 descriptors")
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 6000), hard))
    build = os.path.abspath(sys.argv[1])
    with Front(build, {"store": {"max_in_flight": "1024", "max_upload": "1G"}}, Keys(build)) as front:
        oldest_gives_way(front, idle_is_idle(front))
        uploads_hold_their_places(front)
        wait_in_the_kernel(front)
        many_pages(front)


main()
