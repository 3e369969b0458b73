"""Invariant 2: a second after a request has ended, in any way, nothing of it is in the memory of any process.

The memory is read as somebody reads it who seizes the machine. Broken on purpose: with wiping switched off
(faults.c) the same markers are found, so the test looks in the right places.
"""

# time limit: 240
# alone

import os
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
import memscan  # noqa: E402
from faults import Faults  # noqa: E402
from slot import File, Slot, body_of, part  # noqa: E402

SIZE = 700_000
IDLE_SECONDS = 130  # more than LIMIT_HTTP_IDLE_MS
SETTLE = 1.0


class Letter:
    """An upload full of its own markers."""

    def __init__(self, name):
        self.message = f"MSG-{name}-" + os.urandom(8).hex()
        self.file = f"FILE-{name}-" + os.urandom(8).hex()
        self.name = f"NAME-{name}-" + os.urandom(8).hex()
        self.agent = f"AGENT-{name}-" + os.urandom(8).hex()
        line = (self.file + "\n").encode()
        self.files = [File(self.name + ".txt", line * (SIZE // len(line)))]

    def markers(self):
        return [m.encode() for m in (self.message, self.file, self.name, self.agent)]

    def body(self, slot):
        form = slot.form()
        return (*body_of(form.parts((self.message + "\n") * 200, self.files)), form.action)

    def head(self, slot, kind, action, length):
        return (f"POST {action} HTTP/1.1\r\nHost: {slot.host}\r\nUser-Agent: {self.agent}\r\nContent-Type: {kind}\r\n"
                f"Content-Length: {length}\r\n\r\n").encode()

    def start(self, slot, sent):
        """Sends the head and a part of the body; the open connection."""
        body, kind, action = self.body(slot)
        s = socket.create_connection(("127.0.0.1", slot.port), 60)
        s.sendall(self.head(slot, kind, action, len(body)) + body[:sent])
        return s


def clean(slot, letter, what):
    time.sleep(SETTLE)
    found = memscan.scan_server(slot.pid(), letter.markers())
    text = "".join(f"\n  {comm}: {marker.decode()} at {places[:3]}" for (comm, marker), places in found.items())
    assert not found, f"{what}:{text}"
    print(f"{what}: nothing left")


def receipt(slot):
    letter = Letter("receipt")
    body, kind, action = letter.body(slot)
    page = slot.request("POST", action, body, {"Content-Type": kind, "User-Agent": letter.agent})
    assert page.status == 303, page.h1
    cookie = page.headers["Set-Cookie"].split(";")[0]
    assert slot.get(page.headers["Location"], {"Cookie": cookie}).status == 200
    clean(slot, letter, "after a receipt")
    # What opens the receipt again is kept as a hash.
    assert not memscan.scan_server(slot.pid(), [cookie.partition("=")[2].encode()]), "the receipt's cookie"


def cut_off(slot, name="cut-off"):
    letter = Letter(name)
    for sent in (2_000, 150_000, SIZE // 2):
        letter.start(slot, sent).close()
    return letter


def error(slot):
    """A body that breaks off with rubbish behind the markers; one without a key's fields; one too large."""
    letter = Letter("error")
    form = slot.form()
    body, kind = body_of(form.parts((letter.message + "\n") * 200, letter.files))
    bad = body.replace(b'name="' + form.file_field.encode(), b'name="nothing-known')
    page = slot.request("POST", form.action, bad, {"Content-Type": kind, "User-Agent": letter.agent})
    assert page.status == 400, page.status
    clean(slot, letter, "after a damaged form")
    long = Letter("long")
    fields = [part(k, v.encode()) for k, v in slot.form().hidden]
    body, kind = body_of([*fields, part("message", (long.message + "\n").encode() * 20_000)])
    page = slot.request("POST", form.action, body, {"Content-Type": kind})
    assert page.status >= 400, page.status
    clean(slot, long, "after a message that is too long")
    big = Letter("big")
    s = socket.create_connection(("127.0.0.1", slot.port), 60)
    s.sendall(big.head(slot, kind, form.action, 2**36) + big.message.encode() * 1000)
    assert b" 413 " in s.recv(4096)
    s.close()
    clean(slot, big, "after one that is too large")
    path = "MSG-path-" + os.urandom(6).hex()
    slot.get("/" + path, {"Cookie": path + "=1", "Referer": path})
    time.sleep(SETTLE)
    assert not memscan.scan_server(slot.pid(), [path.encode()]), "a path of a request"


def time_out(slot, faults):
    letter = Letter("time-out")
    s = letter.start(slot, SIZE // 2)
    time.sleep(0.5)
    assert memscan.scan_server(slot.pid(), letter.markers()), "the scan sees nothing of an upload that is under way"
    faults.pass_time(IDLE_SECONDS)
    slot.get("/")  # somebody wakes it: the kernel's timers don't know that time has passed
    s.settimeout(30)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        slot.get("/")
        try:
            s.settimeout(0.2)
            if s.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except ConnectionResetError:
            break
    else:
        raise AssertionError("no time-out")
    s.close()
    clean(slot, letter, "after a time-out")


def store_fails(slot, faults):
    letter = Letter("store-fails")
    faults.set("sealslotd-store", "fdatasync", "fail")
    body, kind, action = letter.body(slot)
    page = slot.request("POST", action, body, {"Content-Type": kind})
    assert page.status == 503 and faults.fired() == 1, page.status
    clean(slot, letter, "after a store that failed")


def not_dumpable(slot):
    """No core and no debugger without root: /proc says so by its owner."""
    for pid in memscan.family(slot.pid())[1:]:
        assert os.stat(f"/proc/{pid}/mem").st_uid == 0, f"process {pid} is dumpable"
        with open(f"/proc/{pid}/limits", encoding="ascii") as f:
            core = next(line for line in f if line.startswith("Max core file size"))
        assert core.split()[4:6] == ["0", "0"], core


def broken_on_purpose(slot, faults):
    faults.remember()
    letter = cut_off(slot, "remembered")
    time.sleep(SETTLE)
    assert memscan.scan_server(slot.pid(), letter.markers()), "without wiping nothing is found either: this test sees nothing"
    faults.remember(False)
    print("without wiping the markers are found")


def main():
    if os.getuid() != 0:
        print("needs root to read the memory of others")
        sys.exit(77)
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        not_dumpable(slot)
        receipt(slot)
        clean(slot, cut_off(slot), "after an upload cut off")
        error(slot)
    with Slot(sys.argv[1]) as slot:
        faults = Faults(slot.build, slot.folder)
        slot.env = faults.env()
        slot.serve()
        time_out(slot, faults)
        store_fails(slot, faults)
        broken_on_purpose(slot, faults)


main()
