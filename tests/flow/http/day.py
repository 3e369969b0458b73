"""The day's bytes run out for strangers first: who has signed in with a codename still gets in, until nothing is left."""
# builds: release sanitize
# time limit: 120

import html
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot, body_of, part  # noqa: E402

MB = 1024 * 1024


class Source:
    """A browser with its cookie."""

    def __init__(self, slot):
        self.slot, self.cookie = slot, ""

    def ask(self, method, path, body=None, kind=None):
        headers = {**({"Content-Type": kind} if kind else {}), **({"Cookie": self.cookie} if self.cookie else {})}
        page = self.slot.request(method, path, body, headers)
        if page.headers.get("Set-Cookie"):
            self.cookie = page.headers["Set-Cookie"].split(";")[0]
        return self.ask("GET", page.headers["Location"]) if page.status == 303 else page

    def send(self, page, mark, size):
        """Fills in the form whose address begins with mark."""
        token = re.search(r'name="token" value="([^"]+)"', page.text)[1]
        action = html.unescape(re.search(r'action="(%s[^"]*)"' % mark, page.text)[1])
        file = File("a.bin", os.urandom(size))
        fields = [part("token", token.encode()), part("inbox", b"tips"), part("message", b""),
                  part("file", file.content, file.name, file.type)]
        return self.ask("POST", action, *body_of(fields))


def expect(page, status, *words):
    assert page.status == status and all(w in page.text for w in words), (page.status, page.h1, page.text)


def begin_away_from_midnight():
    left = 86400 - time.time() % 86400
    if left < 100:
        time.sleep(left + 1)


def main():
    begin_away_from_midnight()
    # 48 MB for everybody, 16 more for those who have a codename.
    with Slot(sys.argv[1], {"store": {"max_upload": "20M", "max_day": "64M"}}) as slot:
        slot.serve()
        known, stranger = Source(slot), Source(slot)
        form = known.ask("GET", "/")
        expect(known.send(form, "/submit", 15 * MB), 200, 'class="codename"')
        expect(stranger.send(stranger.ask("GET", "/"), "/submit", 15 * MB), 200, 'class="codename"')

        stored = len(slot.stored())
        page = stranger.send(stranger.ask("GET", "/"), "/submit", 15 * MB)
        expect(page, 507, "There is no room right now", "None of it was kept", "kept for those who sign in",
               'href="/sign-in')
        # An address alone opens nothing: the session counts.
        body, kind = body_of([part("token", b"A" * 43), part("message", b"x"), part("file", b"y" * 15 * MB, "y", "a/b")])
        page = Source(slot).ask("POST", "/mailbox/send?t=" + "A" * 43, body, kind)
        expect(page, 403, "You are not signed in")
        assert len(slot.stored()) == stored, "a refused upload was stored"

        expect(known.send(known.ask("GET", "/mailbox"), "/mailbox/send", 15 * MB), 200, "It has arrived")
        assert len(slot.stored()) == stored + 1
        # Their part has an end, too: 15 MB are at least that when sealed, so five never fit into 64.
        page = known.send(known.ask("GET", "/mailbox"), "/mailbox/send", 15 * MB)
        if page.status == 200:
            stored += 1
            page = known.send(known.ask("GET", "/mailbox"), "/mailbox/send", 15 * MB)
        expect(page, 507, "There is no room right now")
        assert "kept for those who sign in" not in page.text, "it is said to who did"
        assert len(slot.stored()) == stored + 1


if __name__ == "__main__":
    main()
