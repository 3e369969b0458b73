"""A codename that was never used and one without replies: the same page, the same size, the same time."""

# time limit: 120

import hashlib
import html
import os
import random
import re
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot, body_of, part  # noqa: E402

LIST = "/usr/lib/python3/dist-packages/diceware/wordlists/wordlist_en_eff.txt"
ROUNDS = 12
STEP = 32 * 1024


def word_list():
    with open(LIST, encoding="ascii") as f:
        return sorted(re.sub("[^a-z]", "", line.split()[1]) for line in f if line[:1].isdigit())


def never_used():
    """Seven words and their check word (keys/FORMATS.md section 5): nobody has ever seen it."""
    words = word_list()
    seven = random.SystemRandom().sample(words, 7)
    check = hashlib.blake2b(b"sealslot check 1" + "".join(seven).encode(), digest_size=8).digest()
    return " ".join([*seven, words[int.from_bytes(check, "big") % len(words)]])


def token_of(page):
    return re.search(r'name="token" value="([^"]+)"', page.text)[1]


def send(slot, path, cookie="", **fields):
    body, kind = body_of([part(k, v.encode()) for k, v in fields.items()])
    return slot.request("POST", path, body, {"Content-Type": kind, **({"Cookie": cookie} if cookie else {})})


def sign_in(slot, codename):
    """The mailbox page, and how long sign-in and page took."""
    token = token_of(slot.get("/sign-in"))
    start = time.monotonic()
    answer = send(slot, "/sign-in", token=token, codename=codename)
    assert answer.status == 303, f"{answer.status} {answer.text}"
    page = slot.get("/mailbox", {"Cookie": answer.headers["Set-Cookie"].split(";")[0]})
    return page, time.monotonic() - start


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        receipt = slot.upload("a letter")
        used = " ".join(re.findall(r"<li>(\w+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', receipt.text)[1]))
        unused = never_used()
        time.sleep(12)  # the pool fills: its work would be in the figures
        times, pages = {used: [], unused: []}, {}
        for _ in range(ROUNDS):
            for codename in random.sample([used, unused], 2):
                pages[codename], taken = sign_in(slot, codename)
                times[codename].append(taken)
        texts = {c: re.sub(r"[\w-]{43}", "TOKEN", p.text) for c, p in pages.items()}
        assert pages[used].status == pages[unused].status == 200
        assert texts[used] == texts[unused] and "There is no reply for you" in texts[used]
        assert {len(p.body) % STEP for p in pages.values()} == {0} and len({len(p.body) for p in pages.values()}) == 1
        assert [k for k, _ in pages[used].headers.items()] == [k for k, _ in pages[unused].headers.items()]
        middle = [statistics.median(times[c]) for c in (used, unused)]
        spread = max(statistics.pstdev(times[c]) for c in (used, unused))
        assert abs(middle[0] - middle[1]) < max(0.05, 2 * spread), f"{middle} s, spread {spread}"
        print(f"{len(pages[used].body)} bytes; {middle[0] * 1000:.0f} and {middle[1] * 1000:.0f} ms")
        # A wrong word is named without Argon2id, and the typed words stay in the field.
        start = time.monotonic()
        typo = send(slot, "/sign-in", token=token_of(slot.get("/sign-in")), codename="xyzzy" + unused)
        assert typo.status == 400 and "Word 1 is not a word" in typo.text and html.escape(unused) in typo.text
        assert time.monotonic() - start < middle[0], "a typo costs as much as a codename"
        # Signed out: the session is over, the browser is asked to forget.
        answer = send(slot, "/sign-in", token=token_of(slot.get("/sign-in")), codename=used)
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        box = slot.get("/mailbox", {"Cookie": cookie})
        refused = send(slot, "/sign-out", cookie, token="A" * 43)
        assert refused.status == 400 and slot.get("/mailbox", {"Cookie": cookie}).status == 200, "a form token that isn't ours"
        out = send(slot, "/sign-out", cookie, token=token_of(box))
        assert out.status == 200 and out.headers["Clear-Site-Data"] == '"cache", "cookies", "storage"', out.text
        assert slot.get("/mailbox", {"Cookie": cookie}).status == 403


main()
