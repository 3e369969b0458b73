"""An upload that is refused tells its source why, whether it listens early, late, or only at the end."""

# builds: release sanitize

import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import Front, Keys, body_of, parse, read_answer  # noqa: E402

MB = 1024 * 1024
DRAIN = 16 * MB  # LIMIT_DRAIN_BYTES


def curl(front, path, *more):
    """Uploads a file with curl; (status, body, curl's exit status)."""
    where = ["--unix-socket", front.path, "http://" + front.host] if front.path else ["http://" + front.host]
    where[-1] += "/submit"
    done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "-F", "token=" + front.get("/").token(), "-F", "message=x",
                           "-F", "file=@" + path, *more, *where], capture_output=True, text=True, timeout=60, check=False)
    text, _, status = done.stdout.rpartition("\n")
    return int(status or 0), text, done.returncode


def too_large_for_curl(front, folder):
    """curl asks first, or starts sending at once: both read the page."""
    for size in (2 * MB, 10 * MB, 100 * MB):
        path = os.path.join(folder, "large")
        with open(path, "wb") as f:
            f.truncate(size)
        for more in ((), ("-H", "Expect:")):
            status, text, code = curl(front, path, *more)
            assert status == 413 and "One submission may have up to 1 MB" in text, f"{size} {more}: {status} {code}"
        os.unlink(path)


def sends_everything_first(front):
    """The raw client that a browser is: it reads when it has sent all."""
    for size in (2 * MB, DRAIN - 4096):
        with front.connect() as s:
            s.sendall(front.head_of(size) + b"x" * size)
            status, _, page = parse(read_answer(s))
            assert status == 413 and b"This is too large" in page and b"None of it was kept" in page
            assert s.recv(1) == b""


def buffers(front):
    """What lies in the kernel on the way, at most, and a bit."""
    if front.path:
        return 2 * MB
    sizes = []
    for name in ("rmem", "wmem"):
        with open(f"/proc/sys/net/ipv4/tcp_{name}", encoding="ascii") as f:
            sizes.append(int(f.read().split()[2]))
    return sum(sizes) + 2 * MB


def sends_more_than_we_swallow(front):
    """The answer comes while it is still sending; then we stop listening."""
    size = 100 * MB
    with front.connect() as s:
        answer = []
        reader = threading.Thread(target=lambda: answer.append(read_answer(s)), daemon=True)
        reader.start()
        sent = 0
        try:
            s.sendall(front.head_of(size))
            while sent < size:
                s.sendall(b"x" * 65536)
                sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        reader.join(20)
        assert answer and parse(answer[0])[0] == 413, "no page"
        assert DRAIN - MB < sent < DRAIN + buffers(front), f"it took {sent} bytes"


def fails_in_the_middle(front):
    """Found out only from the body: the rest is swallowed, then the page comes."""
    start = body_of("A" * 43, b"m", [("a", b"")])[:-60].replace(b'name="inbox"', b'name="outbox"')
    for size in (len(start), 100_000, MB - 1):
        with front.connect() as s:
            s.sendall(front.head_of(size) + start + b"x" * (size - len(start)))
            status, _, page = parse(read_answer(s))
            assert status == 400 and b"out of date" in page, status
            assert s.recv(1) == b""


def half_closed(front):
    """Says that no more will come, in the middle of a refused body: there is an answer all the same."""
    import socket
    with front.connect() as s:
        s.sendall(front.head_of(5 * MB) + b"x" * 1000)
        s.shutdown(socket.SHUT_WR)
        assert parse(read_answer(s))[0] == 413


def main():
    build = os.path.abspath(sys.argv[1])
    keys = Keys(build)
    for unix in (False, True):
        with Front(build, {"store": {"max_upload": "1M"}}, keys, unix=unix) as front, tempfile.TemporaryDirectory() as folder:
            too_large_for_curl(front, folder)
            sends_everything_first(front)
            sends_more_than_we_swallow(front)
            fails_in_the_middle(front)
            half_closed(front)
            assert front.store.items == {} and front.get("/").status == 200


main()
