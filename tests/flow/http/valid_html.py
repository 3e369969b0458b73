"""Every page in every language: valid HTML5, light, nothing inline, nothing from elsewhere."""

# builds: release

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import BUSY, MULTIPART, NOSPACE, OK, SYS, Front, Keys, body_of, parse  # noqa: E402
from judge import Judge  # noqa: E402

TOPICS = {"city": "Marseille | Nice | \"quoted\" <b> & 'more'", "sound_sensors": "yes | no",
          "sound_sensors.fr": "Capteurs <i> & \"sons\": oui | \"non\" <b>"}
WORDS = {"languages": "en fr", "intro.fr": "Nous <b> & \"vous\" " * 30, "contact.en": "1, Main Street <a href=x>"}


def raw_errors(front, lang):
    """Pages for requests that no browser sends."""
    host = f"Host: {front.host}\r\n"
    for request in (f"GET /?lang={lang} HTTP/1.1\r\n\r\n", f"PUT /?lang={lang} HTTP/1.1\r\n{host}\r\n",
                    f"GET /?lang={lang} HTTP/1.9\r\n{host}\r\n", f"GET /?lang={lang} HTTP/1.1\r\nHost: x.org\r\n\r\n",
                    f"GET /?lang={lang} HTTP/1.1\r\n{host}X-Tor2Web: 1\r\n\r\n",
                    f"GET /?lang={lang} HTTP/1.1\r\n{host}{'X: y' * 1}\r\n" + "X: y\r\n" * 100 + "\r\n",
                    f"POST /submit?lang={lang} HTTP/1.1\r\n{host}\r\n",
                    f"POST /submit?lang={lang} HTTP/1.1\r\n{host}Content-Length: 3\r\nExpect: tea\r\n\r\nabc"):
        yield parse(front.raw(request.encode()))[2].decode()


def upload(front, lang, body):
    return front.request("POST", "/submit?lang=" + lang, body, {"Content-Type": MULTIPART})


def upload_errors(front, lang):
    t = front.get("/").token()
    good = body_of(t, b"hello", [("a", b"b")])
    bad = [body_of(t), good[:-30], good.replace(b'"inbox"', b'"outbox"'), body_of(t, b"m" * 300_000),
           body_of(t, b"m", [(str(i), b"x") for i in range(501)]), body_of(t, b"m", [("a", b"b" * 2_000_000)])]
    for body in bad:
        yield upload(front, lang, body).text
    for err in (NOSPACE, BUSY, SYS):
        front.store.begin = err
        yield upload(front, lang, good).text
    front.store.begin, front.store.commit = OK, None
    with front.connect() as s:
        s.sendall(front.head_of(len(good)) + good)
        front.store.wait(lambda: front.store.commits)
        yield upload(front, lang, good).text
        front.store.answer_commit(next(iter(front.store.commits)), OK)
    front.store.commit = OK
    again = upload(front, lang, good)
    assert again.status == 409
    yield again.text
    yield front.get("/receipt?lang=" + lang, {"Cookie": again.headers["Set-Cookie"].split(";")[0]}).text


def closed(front, lang):
    for say in (lambda: front.store.schedule("ERR_NOTFOUND"), lambda: front.store.schedule(),
                lambda: front.store.room(0), lambda: front.store.room(2**40, 0),
                lambda: front.store.room(2**40)):
        before = front.get("/").status
        say()
        front.until(lambda b=before: front.get("/").status != b)
        yield front.get("/?lang=" + lang).text
        yield front.get("/how?lang=" + lang).text


def main():
    keys = Keys(os.path.abspath(sys.argv[1]), "--inbox", "tips=Investigations & \"more\" <desk>", "--inbox", "press=Press")
    with Front(sys.argv[1], {"server": WORDS, "store": {"max_upload": "1M"}, "topics": TOPICS}, keys) as front:
        judge = Judge(front.get("/").text, lambda path: front.get(path).text)
        for lang in ("en", "fr"):
            for path in ("/", "/how", "/fingerprints", "/receipt", "/nowhere"):
                judge.add(lang, front.get(f"{path}?lang={lang}").text)
            for make in (raw_errors, upload_errors, closed):
                for text in make(front, lang):
                    judge.add(lang, text)
    assert len(judge.titles()) >= 2 * 22, sorted(judge.titles())
    sys.exit(judge.verdict())


main()
