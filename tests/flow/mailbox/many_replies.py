"""More replies than a page holds: the newest are shown, the page says that there are others, and they come when some are deleted."""

# builds: release

import glob
import os
import re
import secrets
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from browse import read_manifest  # noqa: E402
from slot import Slot, body_of, part  # noqa: E402

PAGE = 100  # replies; LIMIT_REPLIES
VIEWS = 32  # mailboxes that may be read at once; LIMIT_VIEWS
CUT = "There are more replies than fit here"


def seal(text, to):
    """A reply of section 5, by stock age."""
    plain = f"sealslot-reply 1\nday: 2026-03-05\nlength: {len(text)}\n\n{text}".encode()
    return subprocess.run(["age", "-r", to], input=plain + bytes(-len(plain) % 4096), capture_output=True, check=True).stdout


def put(slot, manifest, replies, first_day, per_day):
    """As imports would have, so many days ago for the first ones."""
    today = int(os.stat(glob.glob(slot.store + "/items/*")[0]).st_mtime) // 86400
    with sqlite3.connect(os.path.join(slot.store, "index.db")) as db:
        db.executemany("INSERT INTO replies VALUES(?,?,?,?)", [
            (bytes.fromhex(manifest["mailbox"]), secrets.token_bytes(16), today - first_day + i // per_day, seal(r, manifest["reply_to"]))
            for i, r in enumerate(replies)])
    db.close()


def send(slot, path, cookie="", **fields):
    body, kind = body_of([part(k, v.encode()) for k, v in fields.items()])
    return slot.request("POST", path, body, {"Content-Type": kind, **({"Cookie": cookie} if cookie else {})})


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def sign_in(slot, codename):
    answer = send(slot, "/sign-in", token=token_of(slot.get("/sign-in")), codename=codename)
    assert answer.status == 303, answer.h1
    return answer.headers["Set-Cookie"].split(";")[0]


def letters(page):
    assert page.status == 200, page.h1
    return re.findall(r'<p class="letter" dir="auto">([^<]*)</p>', page.text)


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        receipt = slot.upload("a letter")
        words = re.findall(r"<li>(\w+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', receipt.text)[1])
        # As it is copied off the receipt, numbers and all.
        codename = " ".join(f"{i}. {w}" for i, w in enumerate(words, 1))
        (item,) = [i["id"] for i in slot.carry()]
        manifest = read_manifest(slot, item)
        slot.stop()
        put(slot, manifest, [f"number {i}" for i in range(PAGE + 2)], 58, 2)
        slot.start()
        cookie = {"Cookie": sign_in(slot, codename)}
        page = slot.get("/mailbox", cookie)
        shown = letters(page)
        assert set(shown) == {f"number {i}" for i in range(2, PAGE + 2)} and CUT in page.text, shown
        for _ in range(VIEWS + 2):  # a page that is full keeps no place
            assert slot.get("/mailbox", cookie).status == 200
        for _ in range(2):
            reply = re.search(r'name="reply" value="(\w+)"', page.text)[1]
            assert send(slot, "/mailbox/remove", cookie["Cookie"], token=token_of(page), reply=reply).status == 303
            page = slot.get("/mailbox", cookie)
        assert len(letters(page)) == PAGE and {"number 0", "number 1"} <= set(letters(page)) and CUT not in page.text
        slot.stop()
        put(slot, manifest, [str(i) * 50_000 for i in range(6)], 5, 1)
        slot.start()
        cookie = {"Cookie": sign_in(slot, codename)}
        page = slot.get("/mailbox", cookie)
        assert {t[0] for t in letters(page)} == set("54321") and CUT in page.text, [t[:9] for t in letters(page)]
        print(f"{len(page.body)} bytes with as much as a page holds")


main()
