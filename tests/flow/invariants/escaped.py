"""Invariant 8: what a stranger wrote reaches a page or a terminal through one escaping function per side.

Markup, terminal sequences, and characters that turn or hide others go through every field that a stranger has; no answer and
no tool's output has one of them as it was. Broken on purpose: the same program with that function's words replaced.
"""
# time limit: 180

import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from patched import put_together  # noqa: E402
from slot import File, Page, Slot, body_of, part  # noqa: E402

EVIL = "<img src=x onerror=1>'\"&\x1b[31m\x1b]0;owned\x07\u202e\u200b\u2066\x9b2J"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
MARKUP = re.compile("<img|onerror=1>")  # a terminal may show it as it is


class Loose(AssertionError):
    """Something went through as it was."""


def judge(what, text, is_page=True):
    if found := UNSEEN.search(text) or (is_page and MARKUP.search(text)):
        raise Loose(f"{what}: {found[0]!r} in {text[max(0, found.start() - 60):found.end() + 20]!r}")


def text_of(raw):
    return raw.decode("utf-8", "surrogateescape")


def send(slot, path, names, **fields):
    body, kind = body_of([part("token", names.encode()), *(part(k, v.encode()) for k, v in fields.items())])
    return slot.request("POST", path, body, {"Content-Type": kind})


def answers(slot):
    """Every answer to a request with EVIL somewhere, and where."""
    escaped = "".join(f"%{b:02X}" for b in EVIL.encode())
    token = re.search(r'name="token" value="([^"]+)"', slot.get("/sign-in").text)[1]
    for path in ("/", "/how", "/receipt", "/sign-in", "/progress", "/slot", "/nowhere"):
        for query in ("lang=" + escaped, "t=" + escaped, escaped):
            yield f"{path}?{query[:8]}", slot.get(f"{path}?{query}")
    yield "path", slot.get("/" + escaped)
    yield "codename", send(slot, "/sign-in", token, codename=EVIL)
    yield "a codename's words", send(slot, "/sign-in", token, codename="<img src=x onerror=1> abacus " * 4)
    yield "token", send(slot, "/sign-in", EVIL, codename="abacus")
    form = slot.form()
    for field in ("inbox", "topic-city", EVIL):
        body, kind = body_of([*form.parts("m", []), part(field, EVIL.encode())])
        yield "field " + field[:10], slot.post(body, kind, action=slot.form().action)
    evil = EVIL.encode().replace(b"\x1b", b"")
    for head in (b"Host: " + evil, b"Host: " + slot.host.encode() + b"\r\nCookie: s=" + evil,
                 b"Host: " + slot.host.encode() + b"\r\nAccept-Language: " + evil, b"Host: " + slot.host.encode() + b"\r\nX-Tor2Web: " + evil):
        answer = slot.raw(b"GET /sign-in HTTP/1.1\r\n" + head + b"\r\nConnection: close\r\n\r\n", half_close=True)
        if isinstance(answer, Page):
            yield "head " + text_of(head[:20]), answer


def check_pages(slot):
    n = 0
    for what, page in answers(slot):
        judge(what, text_of(page.body))
        judge(what, "".join(f"{k}: {v}\n" for k, v in page.headers.items()))
        n += 1
    return n


def drop(slot):
    page = slot.upload(EVIL * 3, [File(EVIL + ".pdf", EVIL.encode() * 10, EVIL.replace("\x1b", "")) for _ in range(2)])
    assert page.status == 200, page.h1
    return slot.carry()[0]["id"]


def outputs(slot, item, review="client/sealslot-review"):
    """What the tools print of it."""
    desk = slot.desk
    to = os.path.join(slot.folder, "to-" + os.path.basename(review))
    for verb in (["list", desk.vault], ["list", desk.vault, "--json"], ["show", desk.vault, item], ["show", desk.vault, EVIL],
                 ["verify", desk.vault, item], ["extract", desk.vault, item, "--to", to], ["extract", desk.vault, item, "--to", to, EVIL]):
        argv = [os.path.join(slot.build, review), *verb, *slot.passphrase]
        done = subprocess.run(argv, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        yield verb[0], text_of(done.stdout + done.stderr)
    yield "extract's names", "\n".join(os.listdir(to))
    yield "status", slot.sealslotd("status").stdout
    yield "log", slot.log_text()


def check_tools(slot, item, review="client/sealslot-review"):
    n = 0
    for what, text in outputs(slot, item, review):
        judge(what, text, is_page=False)
        n += 1
    return n


def replace_in(path, words):
    """The same program, in which some words are others of the same length."""
    with open(path, "rb") as f:
        content = f.read()
    for old, new in words:
        assert content.count(old) >= 1, f"{path} has no {old!r}"
        content = content.replace(old, new.ljust(len(old), b"\0"))
    with open(path, "wb") as f:
        f.write(content)


def is_loose(check, *args):
    try:
        check(*args)
    except Loose as e:
        print("noticed: " + str(e)[:80].encode("unicode_escape").decode())
        return True
    return False


def main():
    with Slot(sys.argv[1], {"topics": {"city": "Nice | Lyon"}}) as slot:
        slot.serve()
        pages = check_pages(slot)
        item = drop(slot)
        texts = check_tools(slot, item)
        print(f"{pages} answers, {texts} outputs: nothing as it was sent")
        slot.stop()
        review = os.path.join(slot.folder, "loose-review")
        shutil.copy(os.path.join(slot.build, "client/sealslot-review"), review)
        replace_in(review, [(b"\\x%02X\0", b"%c"), (b"\\u{%X}\0", b"%c")])
        assert is_loose(check_tools, slot, item, review), "a tool that escapes nothing isn't noticed"
        slot.build = put_together(slot.build, slot.folder, {})
        replace_in(os.path.join(slot.build, "server/front/sealslotd-front"), [(b"&lt;\0", b"<")])
        slot.start()
        assert is_loose(check_pages, slot), "a page that escapes no markup isn't noticed"


main()
