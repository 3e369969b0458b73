"""The pages of a source who comes back, in every language: valid HTML5, light, nothing inline, nothing from elsewhere."""
# time limit: 120

import os
import re
import socket
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../lib"), os.path.join(HERE, "../answers")]
from judge import Judge  # noqa: E402
from life import send_reply, serve  # noqa: E402
from slot import Slot  # noqa: E402
from web import Browser  # noqa: E402

MB = 1024 * 1024


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def ways_of(slot, lang, path):
    """As a page of its own, and in its frame."""
    for more in ("", "&f=1"):
        yield slot.get(f"{path}{'&' if '?' in path else '?'}lang={lang}{more}").text


def progress(slot, lang):
    """Before, while, and after half an upload."""
    token = token_of(slot.get("/"))
    path = f"/progress?t={token}"
    yield from ways_of(slot, lang, path)
    head = (f"POST /submit?t={token}&f=1 HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {2 * MB}\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n"
            "--x\r\nContent-Disposition: form-data; name=\"inbox\"\r\n\r\ntips\r\n"
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n").encode()
    with socket.create_connection(("127.0.0.1", slot.port)) as s:
        s.sendall(head + b"m" * MB)
        until(lambda: "<progress" in slot.get(path).text)
        yield from ways_of(slot, lang, path)
    until(lambda: "<progress" not in slot.get(path).text)
    yield from ways_of(slot, lang, path)


def until(what, seconds=20):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def first_visit(slot, first, q):
    """The form, the receipt in each of its ways; what is seen, and the codename."""
    form = first.ask("GET", "/?" + q)
    receipt = first.submit(form, f"/submit?t={token_of(form)}&{q}", inbox="tips", message="a letter")
    return [form.text, receipt.text, first.ask("GET", f"/receipt?{q}&f=1").text, first.ask("GET", "/mailbox?" + q).text,
            *ways_of(slot, q[-2:], f"/progress?t={token_of(form)}")], receipt.codename()


def sign_in(source, q, words):
    """The page, each of its faults, and at last the mailbox with its letter."""
    page = source.ask("GET", "/sign-in?" + q)
    yield page.text
    for typed in (["zzzz"] + words[1:], words[1:], words + words, words[1:] + words[:1]):
        fault = source.submit(page, "/sign-in?" + q, codename=" ".join(typed))
        assert 'id="fault"' in fault.text
        yield fault.text
    box = source.submit(page, "/sign-in?" + q, codename=" ".join(words))
    assert 'class="letter"' in box.text
    yield box.text


def second_visit(source, q):
    """Another drop and its receipt, which nobody sees after the sign-out."""
    box = source.ask("GET", "/mailbox?" + q)
    sent = source.submit(box, f"/mailbox/send?t={token_of(box)}&{q}", inbox="tips", message="a second letter")
    assert sent.status == 200 and 'class="codename"' not in sent.text
    yield sent.text
    again = source.submit(box, f"/mailbox/send?t={token_of(box)}&{q}&f=1", inbox="tips", message="changed")
    assert again.status == 409
    yield again.text
    cookie = source.cookie
    yield source.submit(box, "/sign-out?" + q).text
    source.cookie = cookie
    lost = source.ask("GET", "/receipt?" + q)
    assert lost.status == 404 and 'href="/mailbox' not in lost.text, f"{lost.status} {lost.text}"
    yield lost.text
    over = source.ask("GET", "/mailbox?" + q)
    assert over.status != 200
    yield over.text


def see(build, lang):
    with Slot(build, {"server": {"languages": "en fr"}}) as slot:
        serve(slot)
        judge = Judge(slot.get("/").text, lambda path: slot.get(path).text)
        first, later, q = Browser(slot), Browser(slot), "lang=" + lang
        seen, words = first_visit(slot, first, q)
        send_reply(slot, slot.carry()[0])
        for text in (*seen, *sign_in(later, q, words), *second_visit(later, q), *progress(slot, lang), *ways_of(slot, lang, "/slot")):
            # A mailbox is padded with line ends, so that its length tells nothing: the price of that isn't counted here.
            judge.add(lang, text, text.rstrip("\n"))
        return judge.verdict()


sys.exit(see(sys.argv[1], "en") or see(sys.argv[1], "fr"))
