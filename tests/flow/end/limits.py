"""Every limit of an upload from both sides, and every malformed one: a clear page, and nothing is kept."""
# time limit: 300
# builds: release sanitize

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot, body_of, part  # noqa: E402

KIB, MIB = 1024, 1024 * 1024
MAX_UPLOAD = 2 * MIB
DRAIN_MAX = 16 * MIB
BOUNDARY = b"----geckoformboundary0123456789abcdef0123456789abcdef"


class Case:
    """One kind of upload. expect: the status, 200 for a receipt; says: what the page must name."""

    def __init__(self, name, expect, says, make):
        self.name, self.expect, self.says, self.make = name, expect, says, make


def normal(slot, message="m", files=(), extra=()):
    form = slot.form()
    return form.action, *body_of(form.parts(message, files) + list(extra))


def head(slot, action, length, content_type="multipart/form-data; boundary=" + BOUNDARY.decode(), more=""):
    return (f"POST {action} HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: {content_type}\r\n{more}"
            + (f"Content-Length: {length}\r\n" if length is not None else "") + "\r\n").encode()


def framed(slot, message="m", files=(), **options):
    """A good upload as raw bytes, so that the head can be bent."""
    action, body, _ = normal(slot, message, files)
    return head(slot, action, len(body), **options) + body


def with_boundary(slot, boundary):
    form = slot.form()
    body, _ = body_of(form.parts("m", []), boundary)
    return head(slot, form.action, len(body), "multipart/form-data; boundary=" + boundary.decode()) + body


def bare(slot, parts, end=b"--"):
    """Parts without the form's own order or fields."""
    form = slot.form()
    body = b"".join(b"--" + BOUNDARY + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + BOUNDARY + end + b"\r\n"
    return head(slot, form.action, len(body)) + body


def hidden(slot):
    return [part(k, v.encode()) for k, v in slot.form().hidden]


def message_then(slot, *parts):
    return hidden(slot) + [part("message", b"m"), *parts]


def a_file(slot, content=b"x", name="a.txt"):
    return part(slot.form().file_field, content, name, "text/plain")


def big_part_header(slot, size):
    """A file whose part header has exactly this many bytes, the empty line included."""
    field = part(slot.form().file_field, b"", "a.txt", "text/plain")
    padding = size - len(field) - len(b"\r\nX-A: ")
    return field.replace(b"\r\n\r\n", b"\r\nX-A: " + b"a" * padding + b"\r\n\r\n", 1) + b"x"


def many_files(count):
    return [File(f"{i}", b"x") for i in range(count)]


def unused_inputs(slot, count):
    return [part(slot.form().file_field, b"", "", "application/octet-stream")] * count


def parts_in_all(slot, count):
    """count parts: the form's own, one file, and file fields that were left empty."""
    start = message_then(slot, a_file(slot))
    return bare(slot, start + unused_inputs(slot, count - len(start)))


def chunked(slot):
    action, body, content_type = normal(slot)
    return head(slot, action, None, content_type, "Transfer-Encoding: chunked\r\n") + \
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def too_large(slot, by):
    """More than permitted, and sent in full, as a browser does."""
    form = slot.form()
    body, _ = body_of(form.parts("m", [File("a", b"")]), BOUNDARY)
    body, _ = body_of(form.parts("m", [File("a", b"x" * (MAX_UPLOAD + by - len(body)))]), BOUNDARY)
    assert len(body) == MAX_UPLOAD + by
    return head(slot, form.action, len(body)) + body


DAMAGED, STALE = "cut off or changed", "do not use any more"

CASES = [
    Case("a message", 200, "", lambda s: framed(s)),
    Case("a file without a message", 200, "", lambda s: framed(s, "", [File("a.txt", b"x")])),
    Case("an empty file with a name", 200, "", lambda s: framed(s, "", [File("a.txt", b"")])),
    Case("nothing at all", 400, "Neither a message nor a file", lambda s: framed(s, "")),
    Case("only unused file fields", 400, "Neither", lambda s: bare(s, hidden(s) + [part("message", b"")] +
                                                                   unused_inputs(s, 3))),
    Case("max_upload", 200, "", lambda s: too_large(s, 0)),
    Case("max_upload + 1", 413, "One submission may have up to", lambda s: too_large(s, 1)),
    Case("max_upload + drain", 413, "One submission may have up to", lambda s: too_large(s, DRAIN_MAX // 2)),
    Case("message of 256 KiB", 200, "", lambda s: framed(s, "m" * (256 * KIB))),
    Case("message of 256 KiB + 1", 413, "A message can have up to", lambda s: framed(s, "m" * (256 * KIB + 1))),
    Case("500 files", 200, "", lambda s: framed(s, "", many_files(500))),
    Case("501 files", 413, "Up to 500 files", lambda s: framed(s, "", many_files(501))),
    Case("1,000 parts", 200, "", lambda s: parts_in_all(s, 1000)),
    Case("1,001 parts", 413, "Up to 500 files", lambda s: parts_in_all(s, 1001)),
    Case("part header of 8 KiB", 200, "", lambda s: bare(s, message_then(s, big_part_header(s, 8 * KIB)))),
    Case("part header of 9 KiB", 400, DAMAGED, lambda s: bare(s, message_then(s, big_part_header(s, 9 * KIB)))),
    Case("no boundary", 400, DAMAGED, lambda s: framed(s, content_type="multipart/form-data")),
    Case("another content type", 400, DAMAGED, lambda s: framed(s, content_type="application/x-www-form-urlencoded")),
    Case("boundary of 0", 400, DAMAGED, lambda s: with_boundary(s, b"")),
    Case("boundary of 1", 200, "", lambda s: with_boundary(s, b"x")),
    Case("boundary of 70", 200, "", lambda s: with_boundary(s, b"x" * 70)),
    Case("boundary of 71", 400, DAMAGED, lambda s: with_boundary(s, b"x" * 71)),
    Case("boundary of 5,000", 400, DAMAGED, lambda s: with_boundary(s, b"x" * 5000)),
    Case("no end", 400, DAMAGED, lambda s: bare(s, message_then(s, a_file(s)), end=b"")),
    Case("empty body", 400, DAMAGED, lambda s: head(s, s.form().action, 0)),
    Case("rubbish", 400, DAMAGED, lambda s: head(s, s.form().action, 5000) + b"\0\r\n-" * 1250),
    Case("a part without a name", 400, DAMAGED, lambda s: bare(s, message_then(s, b"X: y\r\n\r\nvalue"))),
    Case("a part without a header", 400, DAMAGED, lambda s: bare(s, message_then(s, b"\r\nvalue"))),
    Case("an unknown field", 400, STALE, lambda s: bare(s, message_then(s, part("colour", b"red")))),
    Case("a field twice", 400, STALE, lambda s: bare(s, message_then(s, part("message", b"m")))),
    Case("a message behind a file", 400, DAMAGED, lambda s: bare(s, hidden(s) + [a_file(s), part("message", b"m")])),
    Case("no token", 400, STALE, lambda s: bare(s, [part("message", b"m")])),
    Case("what can't be a token", 400, STALE, lambda s: bare(s, [part("token", b"A" * 42), part("message", b"m")])),
    Case("a foreign inbox", 400, STALE, lambda s: bare(s, hidden(s)[:1] + [part("inbox", b"no-such"), part("message", b"m")])),
    Case("chunked, without a length", 411, "always say how much", chunked),
    Case("length and chunked", 400, "", lambda s: framed(s, more="Transfer-Encoding: chunked\r\n")),
    Case("two lengths", 400, "", lambda s: framed(s, more="Content-Length: 5\r\n")),
    Case("a field of 1 KiB + 1", 400, "", lambda s: bare(s, hidden(s)[:1] + [part("inbox", b"x" * 1025), part("message", b"m")])),
]


def check(slot, case):
    """What is wrong with the answer to a case; empty if nothing."""
    before = slot.stored()
    page = slot.raw(case.make(slot))
    if page is None:
        return "the server hung up without a page"
    kept = len(slot.stored()) - len(before)
    if case.expect == 200:
        return "" if page.status == 303 and kept == 1 else f"status {page.status}, {kept} kept: {page.h1}"
    if page.status != case.expect or kept != 0:
        return f"status {page.status}, not {case.expect}; {kept} kept: {page.h1}"
    if case.says not in page.text:
        return f"the page doesn't say “{case.says}”: {page.text}"
    return ""


def main():
    with Slot(sys.argv[1], {"store": {"max_upload": "2M"}}) as slot:
        slot.serve()
        wrong = [f"{case.name}: {why}" for case in CASES if (why := check(slot, case))]
        items = slot.carry()
        good = sum(case.expect == 200 for case in CASES)
        if not wrong:
            assert len(items) == good, f"{len(items)} submissions in the vault, {good} had a receipt"
    print("\n".join(wrong) or f"{len(CASES)} uploads, {good} of them kept")
    return 1 if wrong else 0


sys.exit(main())
