"""What a request may look like: the raw list, over TCP and over a Unix socket."""

# builds: release sanitize

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import INSTANCE, Front, Keys, parse  # noqa: E402

STRICT = {
    "cache-control": "no-store", "connection": "close", "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff", "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin", "cross-origin-embedder-policy": "require-corp",
}
CSP = ("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src 'self'; base-uri 'none'; "
       "frame-ancestors 'self'")
FORBIDDEN = ("server", "date", "etag", "last-modified", "x-powered-by", "transfer-encoding")
CRLF = "\r\n"
MULTIPART = "Content-Type: multipart/form-data; boundary=b\r\n"


def cases(host):
    """(what it is, the bytes, status, words of the title)"""
    h = f"Host: {host}\r\n"
    bad = (400, "not understood")
    yield "a page", f"GET / HTTP/1.1\r\n{h}\r\n", 200, "Send documents"
    yield "HTTP/1.0", f"GET / HTTP/1.0\r\n{h}\r\n", 200, "Send documents"
    yield "HTTP/1.0 without a host", "GET / HTTP/1.0\r\n\r\n", 421, "not our address"
    yield "a port", f"GET / HTTP/1.1\r\nHost: {INSTANCE}:80\r\n\r\n", 200, "Send documents"
    yield "upper case", f"GET / HTTP/1.1\r\nHost: {INSTANCE.upper()}\r\n\r\n", 200, "Send documents"
    yield "a query", f"GET /?x=y HTTP/1.1\r\n{h}\r\n", 200, "Send documents"
    yield "a length of 0", f"GET / HTTP/1.1\r\n{h}Content-Length: 0\r\n\r\n", 200, "Send documents"
    # hosts and gateways
    yield "no host", "GET / HTTP/1.1\r\n\r\n", *bad
    yield "another host", "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n", 421, "not our address"
    yield "a longer host", f"GET / HTTP/1.1\r\nHost: {INSTANCE}.example.com\r\n\r\n", 421, "not our address"
    yield "a bad port", f"GET / HTTP/1.1\r\nHost: {INSTANCE}:99999\r\n\r\n", 421, "not our address"
    yield "localhost", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 421, "not our address"
    yield "tor2web", f"GET / HTTP/1.1\r\n{h}X-Tor2Web: 1\r\n\r\n", 403, "not safe for you"
    yield "two hosts", f"GET / HTTP/1.1\r\n{h}{h}\r\n", *bad
    yield "two different hosts", f"GET / HTTP/1.1\r\n{h}Host: example.com\r\n\r\n", *bad
    # paths and methods
    yield "no such page", f"GET /nowhere HTTP/1.1\r\n{h}\r\n", 404, "no such page"
    yield "a dotted path", f"GET /static/../keys HTTP/1.1\r\n{h}\r\n", 404, "no such page"
    yield "an encoded path", f"GET /%6b%65%79%73 HTTP/1.1\r\n{h}\r\n", 404, "no such page"
    yield "a long path", f"GET /{'a' * 5000} HTTP/1.1\r\n{h}\r\n", 404, "no such page"
    yield "an encoded NUL", f"GET /%00 HTTP/1.1\r\n{h}\r\n", *bad
    yield "an absolute address", f"GET http://{host}/ HTTP/1.1\r\n{h}\r\n", *bad
    yield "a star", f"GET * HTTP/1.1\r\n{h}\r\n", *bad
    yield "a blank in the path", f"GET /a b HTTP/1.1\r\n{h}\r\n", *bad
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"):
        yield method, f"{method} / HTTP/1.1\r\n{h}\r\n", 405, "cannot be used like that"
    yield "PUT with a body", f"PUT / HTTP/1.1\r\n{h}Content-Length: 5\r\n\r\nhello", 405, "cannot be used like that"
    yield "CONNECT", f"CONNECT {host} HTTP/1.1\r\n{h}\r\n", 405, "cannot be used like that"
    yield "POST to a page", f"POST /how HTTP/1.1\r\n{h}Content-Length: 3\r\n\r\nabc", 405, "cannot be used like that"
    yield "POST nowhere", f"POST /x HTTP/1.1\r\n{h}Content-Length: 3\r\n\r\nabc", 404, "no such page"
    yield "lower case", f"get / HTTP/1.1\r\n{h}\r\n", *bad
    # versions
    yield "HTTP/0.9", "GET /\r\n\r\n", *bad
    yield "HTTP/1.9", f"GET / HTTP/1.9\r\n{h}\r\n", 505, "another version of HTTP"
    yield "HTTP/2.0", f"GET / HTTP/2.0\r\n{h}\r\n", 505, "another version of HTTP"
    yield "http/1.1", f"GET / http/1.1\r\n{h}\r\n", *bad
    yield "TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", *bad
    # lengths
    submit = f"POST /submit HTTP/1.1\r\n{h}{MULTIPART}"
    yield "no length", submit + "\r\n", 411, "size of the upload is missing"
    yield "an empty body", submit + "Content-Length: 0\r\n\r\n", 400, "arrived damaged"
    for coding in ("chunked", "identity", "xchunked", "gzip, chunked"):
        yield coding, submit + f"Transfer-Encoding: {coding}\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 411, "size of the upload"
    yield "both lengths", submit + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", *bad
    yield "both, the other way", submit + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", *bad
    yield "chunked in 1.0", f"POST /submit HTTP/1.0\r\n{h}Transfer-Encoding: chunked\r\n\r\n", 411, "size of the upload"
    for length in ("3\r\nContent-Length: 3", "3\r\nContent-Length: 4", "+3", "-1", "3x", "0x3", "3, 3", "", "03",
                   "18446744073709551616"):
        yield f"length {length!r}", submit + f"Content-Length: {length}\r\n\r\nabc", *bad
    yield "a huge length", submit + "Content-Length: 18446744073709551615\r\n\r\nabc", 413, "too large"
    yield "GET with a body", f"GET / HTTP/1.1\r\n{h}Content-Length: 3\r\n\r\nabc", *bad
    yield "GET in chunks", f"GET / HTTP/1.1\r\n{h}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", *bad
    # fields
    yield "a folded field", f"GET / HTTP/1.1\r\n{h}X: a\r\n b\r\n\r\n", *bad
    yield "a bare LF", f"GET / HTTP/1.1\r\n{h}X: a\nY: b\r\n\r\n", *bad
    yield "only LF", f"GET / HTTP/1.1\nHost: {host}\n\n", *bad
    yield "a bare CR", f"GET / HTTP/1.1\r\n{h}X: a\rY: b\r\n\r\n", *bad
    yield "a NUL", f"GET / HTTP/1.1\r\n{h}X: a\0b\r\n\r\n", *bad
    yield "a high byte", f"GET / HTTP/1.1\r\n{h}X: ".encode() + b"\xe9\r\n\r\n", *bad
    yield "a blank before the colon", f"GET / HTTP/1.1\r\n{h}X : a\r\n\r\n", *bad
    yield "no colon", f"GET / HTTP/1.1\r\n{h}nothing\r\n\r\n", *bad
    yield "an empty line first", f"\r\nGET / HTTP/1.1\r\n{h}\r\n", *bad
    yield "two cookies", f"GET / HTTP/1.1\r\n{h}Cookie: a=b\r\nCookie: c=d\r\n\r\n", *bad
    yield "tea", submit + "Content-Length: 3\r\nExpect: tea\r\n\r\nabc", 417, "do not offer"
    yield "16 KiB of head", f"GET / HTTP/1.1\r\n{h}X: {'a' * 16384}\r\n\r\n", 431, "too long"
    yield "an endless field", f"GET / HTTP/1.1\r\n{h}X: {'a' * 100000}", 431, "too long"
    yield "100 fields", f"GET / HTTP/1.1\r\n{h}{99 * ('X: y' + CRLF)}\r\n", 200, "Send documents"
    yield "101 fields", f"GET / HTTP/1.1\r\n{h}{100 * ('X: y' + CRLF)}\r\n", 431, "too long"
    # uploads that are refused by their head
    yield "no multipart", f"POST /submit HTTP/1.1\r\n{h}Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc", \
        400, "arrived damaged"
    yield "no boundary", f"POST /submit HTTP/1.1\r\n{h}Content-Type: multipart/form-data\r\nContent-Length: 3\r\n\r\nabc", \
        400, "arrived damaged"
    yield "a long boundary", f"POST /submit HTTP/1.1\r\n{h}Content-Type: multipart/form-data; boundary={'b' * 71}\r\n" \
        "Content-Length: 3\r\n\r\nabc", 400, "arrived damaged"
    yield "rubbish as multipart", submit + "Content-Length: 3\r\n\r\nabc", 400, "arrived damaged"


def check(front, name, raw, status, words):
    answer = front.raw(raw if isinstance(raw, bytes) else raw.encode("latin-1"))
    assert answer.startswith(b"HTTP/1.1 "), f"{name}: {answer[:60]!r}"
    got, fields, body = parse(answer)
    text = body.decode()
    title = text.partition("<h1>")[2].partition("</h1>")[0]
    assert got == status, f"{name}: {got}, not {status}: {title!r}"
    assert words in title, f"{name}: {title!r}"
    assert int(fields["content-length"]) == len(body), name
    assert answer.count(b"HTTP/1.1 ") == 1, f"{name}: a second answer"
    check_fields(name, fields)
    assert (status == 405) == ("allow" in fields), name
    if status >= 400 and "None of it was kept" in text:
        assert raw[:12] in ("POST /submit", b"POST /submit"), name


def check_fields(name, fields):
    for field, value in STRICT.items():
        assert fields.get(field) == value, f"{name}: {field} is {fields.get(field)}"
    assert fields["content-security-policy"] == CSP, f"{name}: {fields['content-security-policy']}"
    assert "camera=()" in fields["permissions-policy"], name
    for field in FORBIDDEN:
        assert field not in fields, f"{name}: {field}"


def check_pages(front):
    """What each address gives, and that HEAD gives the same without a body."""
    keys = front.keys
    for path, start, kind in (("/keys", keys.text, "text/plain"), ("/keys.minisig", keys.signature, "text/plain"),
                              ("/robots.txt", b"User-agent: *\nDisallow: /\n", "text/plain"),
                              ("/static/style.css", b":root {", "text/css"), ("/how", b"<!doctype html>", "text/html")):
        page = front.get(path)
        assert page.status == 200 and page.body.startswith(start), f"{path}: {page.body[:40]}"
        assert page.headers["Content-Type"] == f"{kind}; charset=utf-8", path
        head = front.request("HEAD", path)
        assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == str(len(page.body)), path
        assert {k: v for k, v in head.headers.items()} == {k: v for k, v in page.headers.items()}, path
    assert front.get("/keys").body == keys.text and front.get("/keys.minisig").body == keys.signature
    style = front.get("/static/style.css")
    assert "frame-ancestors 'none'" in style.headers["Content-Security-Policy"]
    missing = front.request("HEAD", "/nowhere")
    assert missing.status == 404 and missing.body == b"" and int(missing.headers["Content-Length"]) > 500
    again = front.get("/submit?lang=fr")
    assert again.status == 303 and again.headers["Location"] == "/?lang=fr"


def check_languages(front):
    french = "Envoyer des documents"
    for path, accept, want in (("/", "fr-FR,fr;q=0.8,en;q=0.2", french), ("/", "de,en", "Send documents"), ("/", "", "Send documents"),
                               ("/?lang=fr", "en", french), ("/?lang=xx", "fr", french), ("/?lang=en", "fr", "Send documents")):
        page = front.get(path, {"Accept-Language": accept})
        assert want in page.h1, f"{path} {accept}: {page.h1}"
    page = front.get("/?lang=fr").text
    assert '<html lang="fr">' in page and 'href="/how?lang=fr"' in page
    assert re.search(r'action="/submit\?[^"]*&amp;lang=fr"', page)
    assert 'href="/?lang=en"' in page and "Set-Cookie" not in front.get("/?lang=fr").headers
    answer = parse(front.raw(f"PUT /?lang=fr HTTP/1.1\r\nHost: {front.host}\r\n\r\n".encode()))
    assert answer[0] == 405 and "ne s’utilise pas" in answer[2].decode()


def check_one_request(front):
    """A connection carries one request: what follows it is never read as another one."""
    how = f"GET /how HTTP/1.1\r\nHost: {front.host}\r\n\r\n".encode()
    for first in (how, how.replace(b"/how", b"/nowhere")):
        answer = front.raw(first + how)
        assert answer.count(b"HTTP/1.1 ") == 1 and answer.rstrip().endswith(b"</html>"), answer[-40:]


def main():
    keys = Keys(os.path.abspath(sys.argv[1]))
    for unix in (False, True):
        with Front(sys.argv[1], keys=keys, unix=unix) as front:
            n = 0
            for case in cases(front.host):
                check(front, *case)
                n += 1
            if unix:
                check(front, "an address on a Unix socket", "GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n", 421, "not our")
            check_pages(front)
            check_languages(front)
            check_one_request(front)
            assert not front.store.items, "something was stored"
            print(f"{'unix' if unix else 'tcp'}: {n} requests")


main()
