"""A reply on its whole way: receipt, vault, outbox, import, the source's mailbox; a second drop is known as the same source's."""
# time limit: 120
# builds: release sanitize

import html
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot, body_of, part

LETTER = "Dear source,\n<b>we</b> have read it – & thank you: \u05e9\u05dc\u05d5\u05dd.\n"


class Browser:
    """One source's browser: its cookie, and forms with their hidden token."""

    def __init__(self, slot):
        self.slot, self.cookie = slot, ""

    def ask(self, method, path, body=None, headers=None):
        page = self.slot.request(method, path, body, {**(headers or {}), **({"Cookie": self.cookie} if self.cookie else {})})
        if page.headers.get("Set-Cookie"):
            self.cookie = page.headers["Set-Cookie"].split(";")[0]
        if page.status == 303:
            return self.ask("GET", page.headers["Location"])
        return page

    def submit(self, page, action, **fields):
        return self.ask("POST", action, *sent(page, **fields))


def sent(page, **fields):
    token = re.search(r'name="token" value="([^"]+)"', page.text)[1]
    body, kind = body_of([part("token", token.encode())] + [part(k, v.encode()) for k, v in fields.items()])
    return body, {"Content-Type": kind}


def action_of(box):
    return html.unescape(re.search(r'action="(/mailbox/send[^"]*)"', box.text)[1])


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        first = Browser(slot)
        receipt = first.submit(first.ask("GET", "/"), slot.form().action, inbox="tips", message="my first letter")
        words = re.findall(r"<li>(\w+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', receipt.text, re.S)[1])
        assert len(words) == 8, receipt.text
        key = html.unescape(re.search(r'<span class="words">([^<]+)</span>', receipt.text)[1])
        assert key in slot.run("keys/sealslot-keys", "show", slot.desk.keys).stdout, key
        items = slot.carry()
        letter = os.path.join(slot.folder, "letter")
        with open(letter, "w", encoding="utf-8") as f:
            f.write(LETTER)
        slot.desk.review("reply", items[0]["id"], "--message-file", letter)
        answers = os.path.join(slot.folder, "answers.tar")
        slot.desk.review("outbox", answers)
        assert "1 new reply" in slot.sealslotd("import", answers).stdout

        later = Browser(slot)
        typo = later.submit(later.ask("GET", "/sign-in"), "/sign-in", codename=" ".join(words[:7] + ["zzzz"]))
        assert typo.h1 == "Your mailbox" and LETTER[:12] not in typo.text, typo.text
        box = later.submit(typo, "/sign-in", codename=" ".join(words).upper())
        found = re.search(r'<p class="letter" dir="auto">(.*?)</p>', box.text, re.S)
        assert found and html.unescape(found[1]).strip() == LETTER.strip(), box.text
        reply = re.search(r'name="reply" value="(\w{32})"', box.text)[1]

        stranger = Browser(slot)
        other = stranger.submit(stranger.ask("GET", "/"), slot.form().action, inbox="tips", message="another source")
        assert "codename" in other.text and LETTER[:12] not in stranger.ask("GET", "/mailbox").text

        send = action_of(box)
        later.submit(box, send, inbox="tips", message="my second letter")
        # The page is still open: what is written into it now can't be sent with the same form, and its source is told.
        again = later.submit(box, send, inbox="tips", message="quite another letter")
        assert again.status == 409 and "that was not sent" in again.text and 'href="/mailbox"' in again.text, again.text
        # Nor does the token of a session's form make anybody a present of the session.
        for path in (send, send.replace("/mailbox/send", "/submit")):
            thief = slot.request("POST", path, *sent(box, message="give it to me"))
            assert thief.status in (403, 409) and "Set-Cookie" not in thief.headers, f"{thief.status} {thief.headers}"
        box = later.submit(later.ask("GET", "/mailbox"), "/mailbox/remove", reply=reply)
        assert 'class="letter"' not in box.text, box.text
        assert "imported before" in slot.sealslotd("import", answers).stdout
        assert 'class="letter"' not in later.ask("GET", "/mailbox").text, "a deleted reply came back"

        # A session that ends while somebody writes: signed in again, in another tab, the form that is still open works.
        later.submit(box, "/sign-out")
        over = later.submit(box, send := action_of(box), inbox="tips", message="my third letter")
        assert over.status == 403 and 'target="_blank"' in over.text and "press the button again" in over.text, over.text
        fresh = later.submit(later.ask("GET", "/sign-in"), "/sign-in", codename=" ".join(words))
        assert fresh.h1 == "Your mailbox" and fresh.text != box.text, fresh.text
        # Another source's session makes nothing of that form.
        assert stranger.submit(box, send, inbox="tips", message="not mine").h1 == "The form was out of date"
        sent_again = later.submit(box, send, inbox="tips", message="my third letter")
        assert sent_again.h1 == "It has arrived", sent_again.text

        boxes = [i["mailbox"] for i in slot.carry()]
        assert len(boxes) == 4 and len(set(boxes)) == 2, boxes
        assert slot.desk.review("list").stdout.count("source 1") == 3


if __name__ == "__main__":
    main()
