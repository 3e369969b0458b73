"""A thousand slow uploads at once, and five hundred connections that never finish a head: all arrive, none is disturbed."""

# time limit: 300
# alone

import contextlib
import json
import os
import resource
import selectors
import socket
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../lib"), os.path.join(HERE, "../../bench")]
import measure  # noqa: E402
from faults import Faults  # noqa: E402
from slot import File, Form, Slot, body_of  # noqa: E402

UPLOADS, SLOWLORIS = 1000, 500
SIZE = 400_000  # six full chunks of content, and some
SECONDS = 20  # for one upload: 20 kB/s each, 20 MB/s in all
MEMORY = 150_000  # bytes per upload under way, over all processes: a chunk of content, its ciphertext, what HTTP has read


class Source:
    """Sends its body a piece at a time."""

    def __init__(self, slot, form, number):
        message = "m" * (number + 1)  # its length tells who it was
        body, kind = body_of(form.parts(message, [File("f", os.urandom(SIZE))]))
        self.data = (f"POST {form.action} HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: {kind}\r\n"
                     f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        self.at, self.answer = 0, b""
        self.s = socket.create_connection(("127.0.0.1", slot.port), 60)
        self.s.setblocking(False)

    def step(self, done):
        """Sends up to where it should be by now."""
        want = int(len(self.data) * min(done, 1))
        if want > self.at:
            try:
                self.at += self.s.send(self.data[self.at:want])
            except BlockingIOError:
                pass


def forms(slot, n):
    return [Form(slot.get("/")) for _ in range(n)]


def half_a_head(slot):
    s = socket.create_connection(("127.0.0.1", slot.port), 30)
    s.sendall(b"GET / HTTP/1.1\r\nHost: ")
    return s


def drip(slot, over, again):
    """Half a head each, and a byte now and then; who is cut off for it comes again."""
    crowd = [half_a_head(slot) for _ in range(SLOWLORIS)]
    while not over.wait(5):
        for i, s in enumerate(crowd):
            try:
                if s.recv(4096, socket.MSG_DONTWAIT) is not None:
                    raise ConnectionResetError  # an answer, or the end
            except BlockingIOError:
                s.send(b"a")
            except OSError:
                s.close()
                with contextlib.suppress(OSError):
                    crowd[i] = half_a_head(slot)
                    again.append(i)
    for s in crowd:
        s.close()


def run(sources):
    """All at the same pace, until each has its answer."""
    selector = selectors.DefaultSelector()
    for x in sources:
        selector.register(x.s, selectors.EVENT_READ, x)
    start, waiting = time.monotonic(), len(sources)
    while waiting:
        now = time.monotonic() - start
        assert now < SECONDS + 120, f"{waiting} have no answer"
        for x in sources:
            x.step(now / SECONDS)
        for key, _ in selector.select(0.1):
            try:
                chunk = key.data.s.recv(65536)
            except ConnectionResetError:
                chunk = b""
            key.data.answer += chunk
            if not chunk:
                selector.unregister(key.data.s)
                key.data.s.close()
                waiting -= 1
    return time.monotonic() - start


def main():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 6000:
        print("needs 6,000 descriptors")
        sys.exit(77)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 6000), hard))
    with Slot(sys.argv[1], {"store": {"max_in_flight": "1024", "max_upload": "16M"}}) as slot:
        # A thousand codenames at the same moment would take Argon2id a minute: that isn't what is tried here.
        faults = Faults(slot.build, slot.folder)
        faults.derive_cheaply()
        slot.env = faults.env()
        slot.serve()
        idle = measure.pss_bytes(slot.pid())
        over, again = threading.Event(), []
        dripping = threading.Thread(target=drip, args=(slot, over, again), daemon=True)
        dripping.start()
        sources = [Source(slot, form, i) for i, form in enumerate(forms(slot, UPLOADS))]
        pages = []

        def look():
            """A normal source among them."""
            while not over.wait(2):
                began = time.monotonic()
                status = slot.upload("normal", [File("n", b"n" * 100_000)]).status
                pages.append((status, time.monotonic() - began))
        normal = threading.Thread(target=look, daemon=True)
        normal.start()
        with measure.PeakPss(slot.pid(), every=0.5) as peak:
            took = run(sources)
        over.set()
        normal.join(60)
        dripping.join(60)
        bad = [x.answer[:60] for x in sources if not x.answer.startswith(b"HTTP/1.1 303 ")]
        assert not bad, f"{len(bad)} of {UPLOADS} weren't accepted: {bad[:3]}"
        assert pages and all(status == 200 for status, _ in pages), pages
        each = (peak.peak - idle) / UPLOADS
        print(f"{UPLOADS} uploads of {SIZE / 1000:.0f} kB in {took:.0f} s ({SIZE / took / 1000:.1f} kB/s each, "
              f"{UPLOADS * SIZE / took / 1e6:.1f} MB/s in all; asked for {SIZE / SECONDS / 1000:.0f} kB/s each), "
              f"{len(again)} cut-off slow heads that came again: PSS {idle / 2**20:.0f} MiB idle, {peak.peak / 2**20:.0f} MiB at most, "
              f"{each / 1024:.0f} KiB each; {len(pages)} normal uploads beside them, {max(s for _, s in pages):.1f} s at most")
        assert each < MEMORY, f"{each:.0f} bytes each"
        verify(slot, len(pages))


def verify(slot, others):
    items = slot.carry()
    assert len(items) == UPLOADS + others, f"{len(items)} of {UPLOADS + others}"
    lengths = sorted(i["message"] for i in items if i["size"] == SIZE)
    assert lengths == list(range(1, UPLOADS + 1)), "some are missing, or there twice"
    slot.desk.review("verify")
    print(json.dumps({"verified": len(items)}))


main()
