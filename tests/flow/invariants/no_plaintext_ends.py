"""Invariant 1, for all that isn't an accepted upload: one cut off, a form that is refused, a time-out, a codename, a reply.

strace, as in no_plaintext.py: what a source sends leaves front in no output; what it gets (codename, reply) goes through
the processes' sockets and to it, and nowhere else. Broken on purpose there: the same check, the same trace.
"""
# time limit: 300

import importlib.util
import os
import re
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../lib"), os.path.join(HERE, "../answers")]
from faults import Faults  # noqa: E402
from life import LETTER, send_reply  # noqa: E402
from slot import File, Slot, body_of  # noqa: E402
from web import Browser  # noqa: E402

SIZE = 700_000
IDLE_SECONDS = 130  # more than LIMIT_HTTP_IDLE_MS
REPLY = LETTER.split("\n")[0]
SOCKET = re.compile(r"\w+\(\d+<(TCP|UNIX)")


def load(name):
    spec = importlib.util.spec_from_file_location(name, os.path.join(HERE, name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wait_until_gone(slot, before):
    """Front has noticed, and is done with it."""
    time.sleep(1.5)
    assert slot.stored() == before, "it was stored"


def start(slot, marker, sent):
    form = slot.form()
    body, kind = body_of(form.parts((marker + "\n") * 2000, [File(marker + ".txt", (marker + "\n").encode() * (SIZE // len(marker)))]))
    s = socket.create_connection(("127.0.0.1", slot.port), 60)
    s.sendall(f"POST {form.action} HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: {kind}\r\n"
              f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:sent])
    return s


def endings(slot, faults, marker):
    before = slot.stored()
    start(slot, marker, SIZE // 2).close()
    wait_until_gone(slot, before)
    form = slot.form()
    body, kind = body_of(form.parts((marker + "\n") * 200, [File(marker, marker.encode() * 1000)]))
    bad = body.replace(b'name="' + form.file_field.encode(), b'name="nothing-known')
    assert slot.request("POST", form.action, bad, {"Content-Type": kind}).status == 400
    with start(slot, marker, SIZE // 2) as s:
        time.sleep(0.5)
        faults.pass_time(IDLE_SECONDS)
        s.settimeout(30)
        while s.recv(65536):
            pass
    wait_until_gone(slot, before)


def whole_way(slot, marker):
    """A letter, its codename, the reply to it, read with the codename; the words."""
    first, later = Browser(slot), Browser(slot)
    receipt = first.submit(first.ask("GET", "/"), slot.form().action, inbox="tips", message=marker)
    words = re.findall(r"<li>([a-z]+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', receipt.text, re.S)[1])
    assert len(words) == 8, receipt.text
    send_reply(slot, slot.carry()[0])
    box = later.submit(later.ask("GET", "/sign-in"), "/sign-in", codename=" ".join(words))
    assert REPLY in box.text, box.text
    return words


def check(tool, lines, marker, words):
    arrived = told = 0
    given = [REPLY] + [sep.join(words[:3]) for sep in (" ", "-", "\\0", "</li><li>", "")]
    for line in lines:
        name = tool.call_name(line)
        if name in tool.INPUT.split(","):
            arrived += line.count(marker)
        elif name in tool.OUTPUT.split(","):
            assert marker not in line, f"plaintext leaves in {name}: {line[:200]}"
            if any(g in line for g in given):
                told += 1
                assert SOCKET.match(line), f"what was given to a source goes into {line[:120]}"
    assert arrived > 5000, f"the trace shows only {arrived} markers arriving: it can't prove anything"
    assert told >= 4, f"the trace shows codename and reply in {told} outputs only"
    print(f"{len(lines)} system calls; {arrived} markers came and none went; codename and reply in {told} messages to sockets")


def main():
    tool = load("no_plaintext")
    marker = tool.MARKER
    trace = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"trace-{os.getpid()}")
    try:
        with Slot(sys.argv[1], wrapper=tool.WRAPPER + ["-E", "LD_PRELOAD=", "-o", trace]) as slot:
            faults = Faults(slot.build, slot.folder)
            slot.wrapper[-3] = "LD_PRELOAD=" + faults.preload
            slot.env = {**faults.env(), "LD_PRELOAD": ""}
            slot.serve()
            at = os.path.getsize(trace)
            endings(slot, faults, marker)
            words = whole_way(slot, marker)
            tool.check_environment(slot)
            end = os.path.getsize(trace)
            assert marker not in slot.log_text() and " ".join(words) not in slot.log_text()
            slot.stop()
            check(tool, list(tool.lines_of(trace, at, end)), marker, words)
    finally:
        if os.path.exists(trace):
            os.unlink(trace)


main()
