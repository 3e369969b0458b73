"""Uploads through the front process: how each of them ends, and what its source is told."""

# builds: release sanitize

import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import (BUSY, CODENAME, MULTIPART, NOSPACE, OK, SYS, Front, Keys, body_of, hear, parse, read_all, read_answer,  # noqa: E402
                      say)

MB = 1024 * 1024


def token(front):
    return front.get("/").token()


def sent_before(front, answer):
    """The answer to a form that was stored before: no receipt, but the way to it. Gives that receipt."""
    assert answer.status == 409 and answer.h1 == "This form was sent before", f"{answer.status} {answer.h1}"
    assert "If you changed something in it since then, that was not sent." in answer.text
    assert 'href="/receipt"' in answer.text and 'href="/"' in answer.text, answer.text
    return front.get("/receipt", {"Cookie": answer.headers["Set-Cookie"].split(";")[0]})


def receipt_and_again(front):
    """The receipt, again by its cookie; the same form sent again leads to it, but is stored once, and says so."""
    t = token(front)
    body = body_of(t, b"a message", [("a.pdf", b"x" * 300_000), ("b.pdf", b"y")])
    before = len(front.store.items)
    answer = front.post(body)
    assert answer.status == 303 and answer.headers["Location"] == "/receipt"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.endswith("; HttpOnly; SameSite=Strict; Path=/") and len(cookie.split(";")[0]) == 45, cookie
    for _ in range(2):
        receipt = front.receipt_of(answer)
        assert receipt.h1 == "It has arrived"
        assert all(f"<li>{word}</li>" in receipt.text for word in CODENAME.split()), receipt.text
    assert "Sealed with key 1 for Investigations desk" in receipt.text, receipt.text
    # The frame beside the form is small on a phone: the words must be seen before anybody scrolls in it.
    framed = front.get("/receipt?f=1", {"Cookie": cookie.split(";")[0]}).text
    assert framed.index('class="codename"') < framed.index("does not work a second time"), framed
    again = front.post(body)
    assert sent_before(front, again).text == receipt.text
    assert again.headers["Set-Cookie"] == cookie
    assert front.mailbox.issued == 1, "another codename for the same form"
    # What was changed in the open page since is lost unless its source is told.
    for files in ((), [("evidence.pdf", b"e" * 300_000)]):
        sent_before(front, front.post(body_of(t, b"something else", files)))
    french = front.request("POST", f"/submit?t={t}&lang=fr&f=1", body_of(t, b"else"), {"Content-Type": MULTIPART})
    assert french.status == 409 and "cela n’a pas été envoyé" in french.text and 'href="/receipt?lang=fr"' in french.text, french.text
    assert len(front.store.items) == before + 1, "stored twice"
    for headers in ({}, {"Cookie": "s=" + "A" * 43}, {"Cookie": cookie.split(";")[0][:-1]}):
        page = front.get("/receipt", headers)
        assert page.status == 404 and page.h1 == "There is no receipt here", page.h1
    french = front.request("POST", "/submit?lang=fr", body_of(token(front), b"x"), {"Content-Type": MULTIPART})
    assert french.headers["Location"] == "/receipt?lang=fr" and front.receipt_of(french).h1 == "C’est arrivé"


def token_in_the_address(front):
    """What the form of the page does: its token is known from the head on, and counts."""
    t = token(front)
    body = body_of(t, b"by its address")
    before, named = len(front.store.items), len(front.mailbox.named)
    post = lambda t, body: front.request("POST", f"/submit?t={t}", body, {"Content-Type": MULTIPART})  # noqa: E731
    answer = post(t, body)
    assert front.receipt_of(answer).h1 == "It has arrived"
    again = post(t, body_of(t, b"another", [("a", b"b" * 100_000)]))
    assert sent_before(front, again).h1 == "It has arrived" and again.headers["Set-Cookie"] == answer.headers["Set-Cookie"]
    # Also where it would be refused anyway: what is stored is never said not to be kept.
    with front.connect() as s:
        s.sendall(front.head_of(2**40, "Expect: 100-continue\r\n").replace(b"/submit ", f"/submit?t={t} ".encode()))
        status, _, page = parse(read_answer(s))
        assert status == 409 and b"sent before" in page and b"None of it was kept" not in page, page
    assert "Everything has arrived" in front.get(f"/progress?t={t}").text
    assert len(front.mailbox.named) == named + 1, "a codename for what was stored before"
    told(front, post(token(front), body_of("short", b"m")), 400, "out of date")
    assert len(front.store.items) == before + 1


def no_codename(front):
    """The pool stays empty, or the mailbox is gone: refused before the body, and clearly."""
    body = body_of(token(front), b"m", [("a", b"b" * 1000)])
    before = front.store.begun
    front.mailbox.take = BUSY
    told(front, front.post(body), 503, "Too many people are sending")
    front.mailbox.take = OK
    front.lose_mailbox()
    told(front, front.post(body), 503, "restarting")
    status, _, page = parse(front.raw(front.head_of(1000, "Expect: 100-continue\r\n")))
    assert status == 503 and b"restarting" in page
    assert front.store.begun == before, "an upload began without a codename"
    assert front.get("/").status == 200
    front.new_mailbox()
    front.until(lambda: front.post(body).status == 303)


def codename_lost(front):
    """The mailbox ends while an upload runs: everything is stored, and the receipt says what is missing."""
    before = len(front.store.items)
    body = body_of(token(front), b"m", [("a", b"b" * 500_000)])
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body[:100_000])
        front.mailbox.wait(lambda: front.mailbox.named)
        time.sleep(0.2)
        front.lose_mailbox()
        front.new_mailbox()
        s.sendall(body[100_000:])
        status, fields, _ = parse(read_answer(s))
        assert status == 303
    receipt = front.get("/receipt", {"Cookie": fields["set-cookie"].split(";")[0]})
    assert receipt.h1 == "It has arrived" and "We have no codename to show" in receipt.text
    assert sent_before(front, front.post(body)).text == receipt.text
    # ...and while it is issued.
    front.mailbox.issue = None
    body = body_of(token(front), b"another")
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body)
        front.mailbox.wait(lambda: front.mailbox.issued)
        front.lose_mailbox()
        assert parse(read_answer(s))[0] == 303
    front.new_mailbox()
    assert "We have no codename to show" in sent_before(front, front.post(body)).text
    assert len(front.store.items) == before + 2


def from_another_site(front):
    headers = {"Content-Type": MULTIPART, "Sec-Fetch-Site": "cross-site"}
    page = front.request("POST", "/submit", body_of(token(front), b"x"), headers)
    assert page.status == 403 and page.h1 == "Another site made your browser send this"
    page = front.request("POST", "/submit", body_of(token(front), b"x"), {**headers, "Sec-Fetch-Site": "same-origin"})
    assert page.status == 303


def sizes(front):
    for n in (0, 1, 8191, 8192, 65535, 65536, 65537, 3 * MB + 1):
        assert front.receipt_of(front.post(body_of(token(front), b"m", [("f", b"z" * n)]))).status == 200, n


def told(front, answer, status, words, kept=True):
    assert answer.status == status and words in answer.h1, f"{answer.status} {answer.h1}, not {status} {words}"
    assert ("None of it was kept" in answer.text) == kept, answer.h1


def bad_forms(front):
    t = token(front)
    good = body_of(t, b"hello", [("a", b"b")])
    before = len(front.store.items)
    told(front, front.post(body_of(t)), 400, "form was empty")
    told(front, front.post(good[:-20]), 400, "damaged")
    told(front, front.post(good.replace(b'"inbox"', b'"outbox"')), 400, "out of date")
    told(front, front.post(good.replace(t.encode(), t[:-1].encode())), 400, "out of date")
    told(front, front.post(good.replace(b"\r\ntips", b"\r\ntops")), 400, "out of date")
    told(front, front.post(body_of(t, b"m" * (256 * 1024 + 1))), 413, "message is too long")
    told(front, front.post(body_of(t, b"m", [(f"{i}", b"x") for i in range(501)])), 413, "too many files")
    told(front, front.post(body_of(t, b"m", [("a", b"b" * 9 * MB)]).replace(b'"file"', b'"fele"')), 400, "out of date")
    assert len(front.store.items) == before


def store_says_no(front):
    """What store answers, at the beginning and at the end."""
    store = front.store
    body = body_of(token(front), b"hello", [("a", b"b" * 200_000)])
    for err, status, begin_says, commit_says in ((NOSPACE, 507, "no room", "no room"), (BUSY, 503, "Too many people", "Too many people"),
                                                 (SYS, 503, "cannot store anything", "whether it was stored")):
        store.begin = err
        told(front, front.post(body), status, begin_says)
        store.begin, store.commit = OK, err
        told(front, front.post(body), status, commit_says, err != SYS)
        store.commit = OK
    assert front.receipt_of(front.post(body)).status == 200


def known_beforehand(front):
    """What the head shows is said without asking the store."""
    store = front.store
    body = body_of(token(front), b"hello", [("a", b"b" * 200_000)])
    begun = store.begun
    store.room(100_000)
    front.until(lambda: front.post(body).status == 507)
    told(front, front.post(body), 507, "no room")
    assert front.get("/").status == 200  # a short message still fits
    store.room(0)
    front.until(lambda: front.get("/").status == 507)
    store.room(2**40, 0)
    front.until(lambda: front.get("/").status == 503)
    told(front, front.get("/"), 503, "cannot store anything", False)
    told(front, front.post(body), 503, "cannot store anything")
    store.room(2**40)
    for err in ("ERR_NOTFOUND", "ERR_CLOCK", "ERR_AUTH"):
        store.schedule(err)
        front.until(lambda: front.get("/").status == 503)
        told(front, front.get("/"), 503, "cannot accept anything", False)
        told(front, front.post(body), 503, "cannot accept anything")
        assert front.get("/keys").status == 503
        store.schedule()
        front.until(lambda: front.get("/").status == 200)
    store.schedule(text=front.keys.text.replace(b"tips Investigations", b"tips Others"))  # badly signed
    front.until(lambda: front.get("/").status == 503)
    assert store.begun == begun, "store was asked"
    store.schedule()
    front.until(lambda: front.get("/").status == 200)


def client_gone(front):
    """An upload that breaks off is forgotten at once."""
    body = body_of(token(front), b"m", [("a", b"b" * MB)])
    for cut in (1, 200, 100_000, len(body) - 1):
        before = front.store.aborted
        with front.connect() as s:
            s.sendall(front.head_of(len(body)) + body[:cut])
            time.sleep(0.2)
        front.store.wait(lambda n=before: front.store.aborted > n, 2)


def bytes_one_by_one(front):
    body = body_of(token(front), b"slowly")
    head = front.head_of(len(body))
    # The kernel takes some 70 unread writes to a Unix socket, and a head is read when it is complete.
    pieces = [head[i:i + 8] for i in range(0, len(head), 8)] if front.path else [bytes([b]) for b in head]
    with front.connect() as s:
        for piece in pieces + [bytes([b]) for b in body]:
            s.sendall(piece)
        assert parse(read_answer(s))[0] == 303


def expect_100(front):
    body = body_of(token(front), b"m", [("a", b"b" * MB)])
    with front.connect() as s:
        s.sendall(front.head_of(len(body), "Expect: 100-continue\r\n"))
        assert s.recv(100).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        s.sendall(body)
        assert parse(read_answer(s))[0] == 303
    front.store.begin = NOSPACE
    for length, status in ((len(body), 507), (2**40, 413)):
        with front.connect() as s:
            s.sendall(front.head_of(length, "Expect: 100-continue\r\n"))
            assert parse(read_answer(s))[0] == status
            assert s.recv(1) == b"", "the connection stayed open"
    with front.connect() as s:  # doesn't wait for what it expects
        s.sendall(front.head_of(len(body), "Expect: 100-continue\r\n") + body)
        assert parse(read_answer(s))[0] == 507
    front.store.begin = OK


def twins(front):
    """The same form twice at once: the newer one goes on; while it is being stored, it is told so."""
    store, t = front.store, token(front)
    body = body_of(t, b"m", [("a", b"b" * 200_000)])
    before = len(store.items)
    with front.connect() as first:
        first.sendall(front.head_of(len(body)) + body[:100_000])
        time.sleep(0.2)
        aborted = store.aborted
        assert front.post(body).status == 303
        assert store.aborted == aborted + 1
    store.commit = None
    t = token(front)
    body = body_of(t, b"m", [("a", b"b" * 200_000)])
    with front.connect() as first:
        first.sendall(front.head_of(len(body)) + body)
        store.wait(lambda: any(map(store.committing, store.open)))
        told(front, front.post(body), 409, "just being stored", False)
        store.answer_commit(next(filter(store.committing, store.open)), OK)
        assert parse(read_answer(first))[0] == 303
    store.commit = OK
    assert sent_before(front, front.post(body)).status == 200
    assert len(store.items) == before + 2


def gone_before_the_receipt(front):
    """The line breaks while it is stored: the same form, sent again, finds its receipt."""
    store = front.store
    body = body_of(token(front), b"m", [("a", b"b" * 1000)])
    store.commit = None
    before = len(store.items)
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body)
        store.wait(lambda: any(map(store.committing, store.open)))
    store.answer_commit(next(filter(store.committing, store.open)), OK)
    store.commit = OK
    assert sent_before(front, front.post(body)).h1 == "It has arrived"
    assert len(store.items) == before + 1


def store_dies(front):
    """Uploads under way end with a page; another store, and everything goes on."""
    body = body_of(token(front), b"m", [("a", b"b" * 500_000)])
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body[:100_000])
        time.sleep(0.2)
        front.store.sock.shutdown(socket.SHUT_RDWR)
        front.until(lambda: front.get("/").status == 503)
        told(front, front.get("/"), 503, "restarting", False)
        told(front, front.post(body), 503, "restarting")
        s.sendall(body[100_000:])
        status, _, page = parse(read_answer(s))
        assert status == 503 and b"do not know whether it was stored" in page
    front.new_store()
    front.store.greet()
    front.until(lambda: front.get("/").status == 200)
    assert front.receipt_of(front.post(body)).status == 200


def whose_codename(front):
    """A line that breaks gives its codename back, since nobody saw it; what the store was asked to keep never does."""
    box, body = front.mailbox, body_of(token(front), b"m", [("a", b"b" * 500_000)])
    back, dropped = box.given_back, box.dropped
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body[:100_000])
        front.until(lambda: front.store.open)
    front.until(lambda: box.given_back == back + 1)
    assert box.dropped == dropped
    front.store.commit = SYS
    assert front.post(body_of(token(front), b"m")).status == 503
    front.store.commit = OK
    front.until(lambda: box.dropped == dropped + 1)
    assert box.given_back == back + 1


def draining(front):
    """No new uploads; those in flight finish, and get their receipts, before front says that it is empty."""
    body = body_of(token(front), b"m", [("a", b"b" * 500_000)])
    with front.connect() as s:
        s.sendall(front.head_of(len(body)) + body[:100_000])
        time.sleep(0.2)
        say(front.parent, "DRAIN", struct.pack("=I", 20_000))
        front.until(lambda: front.get("/").status == 503)
        told(front, front.post(body_of("A" * 43, b"m")), 503, "restarting")
        assert front.get("/how").status == 200
        s.sendall(body[100_000:])
        status, fields, _ = parse(read_answer(s))
        assert status == 303
        front.parent.settimeout(0.5)
        try:
            hear(front.parent)
            raise AssertionError("drained before the receipt")
        except TimeoutError:
            pass
        assert front.get("/receipt", {"Cookie": fields["set-cookie"].split(";")[0]}).h1 == "It has arrived"
    front.parent.settimeout(15)
    assert hear(front.parent)[0] == "DRAINED"


def main():
    build = os.path.abspath(sys.argv[1])
    keys = Keys(build)
    for unix in (False, True):
        with Front(build, {"store": {"max_upload": "64M"}}, keys, unix=unix) as front:
            for scene in (receipt_and_again, token_in_the_address, no_codename, codename_lost, from_another_site, sizes, bad_forms, store_says_no, known_beforehand, client_gone, bytes_one_by_one,
                          expect_100, twins, gone_before_the_receipt, whose_codename, store_dies, draining):
                start = time.monotonic()
                scene(front)
                print(f"{time.monotonic() - start:6.2f} s  {scene.__name__}{' (unix)' if unix else ''}", flush=True)


main()
