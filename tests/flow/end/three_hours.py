"""1 GiB at 100 kB/s, signed in: three hours of the server's clock, in which the session runs out; it arrives, bit for bit."""
# time limit: 300

import hashlib
import html
import os
import random
import re
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../lib"), os.path.join(HERE, "../answers")]
from faults import Faults  # noqa: E402
from frontrig import parse, read_answer  # noqa: E402
from slot import Slot, body_of, part  # noqa: E402
from web import Browser  # noqa: E402

STEP = 4  # seconds of the server's clock: what comes in them is sent at once, then it is silent for so long
RATE = 100_000  # bytes a second
SECONDS = 10_740  # 1 GiB at that rate
SIZE = SECONDS * RATE
IDLE, HARD = 15 * 60, 2 * 3600  # LIMIT_SESSION_IDLE_MS, LIMIT_SESSION_MS


class Content:
    """Bytes that repeat nowhere, a step's worth at a time."""

    def __init__(self):
        self.draw, self.hash = random.Random(5), hashlib.sha256()

    def __iter__(self):
        for _ in range(SECONDS // STEP):
            piece = self.draw.randbytes(STEP * RATE)
            self.hash.update(piece)
            yield piece


def wait_until_read(s):
    """Until the server has taken all that was sent: its clock is much faster than it is."""
    ours, theirs = s.getsockname()[1], s.getpeername()[1]
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with open("/proc/net/tcp", encoding="ascii") as f:
            queues = [line.split()[4] for line in f if f":{theirs:04X} " in line and f":{ours:04X} " in line]
        if all(q == "00000000:00000000" for q in queues):
            return
        time.sleep(0.0005)
    raise AssertionError("the server reads nothing")


def signed_in(slot):
    source = Browser(slot)
    receipt = source.submit(source.ask("GET", "/"), slot.form().action, inbox="tips", message="the first letter")
    assert receipt.status == 200, receipt.text
    return source


def send_slowly(slot, faults, source, content):
    """The answer to the form of the mailbox, whose file comes at RATE; in its middle the session is over."""
    box = source.ask("GET", "/mailbox")
    action = html.unescape(re.search(r'action="(/mailbox/send[^"]*)"', box.text)[1])
    token = re.search(r'name="token" value="([^"]+)"', box.text)[1]
    parts = [part("token", token.encode()), part("inbox", b"tips"), part("message", b"slowly"), part("file", b"", "large.bin")]
    body, kind = body_of(parts)
    end = len(body) - body.index(b"\r\n----", body.index(b"large.bin"))
    with socket.create_connection(("127.0.0.1", slot.port), timeout=60) as s:
        s.sendall(f"POST {action} HTTP/1.1\r\nHost: {slot.host}\r\nCookie: {source.cookie}\r\nContent-Type: {kind}\r\n"
                  f"Content-Length: {len(body) + SIZE}\r\n\r\n".encode() + body[:-end])
        for step, piece in enumerate(content):
            s.sendall(piece)
            wait_until_read(s)
            faults.pass_time(STEP)
            if step * STEP in (IDLE + 60, HARD + 60):
                assert source.ask("GET", "/mailbox").status != 200, f"the session lives after {step * STEP} s"
        s.sendall(body[-end:])
        return parse(read_answer(s))


def check_vault(slot, digest):
    first, second = sorted(slot.carry(), key=lambda i: i["size"])
    assert first["mailbox"] == second["mailbox"], "not the same source's"
    found, _ = slot.desk.extract(second["id"])
    assert found["001-large.bin"] == digest, found


def main():
    with Slot(sys.argv[1], {"store": {"max_upload": "2G"}}) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.env = faults.env()
        slot.serve()
        source, content = signed_in(slot), Content()
        status, fields, page = send_slowly(slot, faults, source, content)
        assert status == 303, f"{status} {page.decode()}"
        cookie = fields.get("set-cookie", source.cookie).split(";")[0]
        receipt = slot.get(fields["location"], {"Cookie": cookie})
        assert receipt.status == 200, receipt.text
        check_vault(slot, content.hash.hexdigest())
        print(f"{SIZE} bytes in {SECONDS} s of the server's clock")


main()
