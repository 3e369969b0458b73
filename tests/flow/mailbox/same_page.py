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
SIGN_INS = 12
READS = 150
STEP = 16 * 1024


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
    """The cookie of its session, and how long that took."""
    token = token_of(slot.get("/sign-in"))
    start = time.monotonic()
    answer = send(slot, "/sign-in", token=token, codename=codename)
    assert answer.status == 303, f"{answer.status} {answer.text}"
    return answer.headers["Set-Cookie"].split(";")[0], time.monotonic() - start


def read(slot, cookie):
    """The mailbox page, and how long it took."""
    start = time.monotonic()
    page = slot.get("/mailbox", {"Cookie": cookie})
    return page, time.monotonic() - start


def same_time(what, pairs, floor):
    """Who waits can't tell the two apart: the middle of the differences is no further from 0 than chance puts it."""
    differences = [a - b for a, b in pairs]
    middle = statistics.median(differences)
    # Of the median of so many, from the spread of the inner half: a machine that stalls now and then doesn't hide a leak.
    error = 1.25 * 1.48 * statistics.median(abs(d - middle) for d in differences) / len(differences) ** 0.5
    assert abs(middle) < max(floor, 5 * error), f"{what}: {middle * 1000:.2f} ms apart, chance is {error * 1000:.2f} ms"
    print(f"{what}: {statistics.median(a for a, _ in pairs) * 1000:.1f} ms, {middle * 1000:+.2f} ms apart, chance {error * 1000:.2f} ms")


def alternate(rounds, codenames, measure):
    """Measures each of two once per round, in an order that chance decides; a pair for each round."""
    pairs = []
    for _ in range(rounds):
        taken = {c: measure(c) for c in random.sample(codenames, 2)}
        pairs.append(tuple(taken[c] for c in codenames))
    return pairs


def notices_leak(cookies, slow, measure):
    """The same with 5 ms more for one of them: a test that doesn't see these sees nothing."""

    def leaky(codename):
        start = time.monotonic()
        measure(codename)
        if codename == slow:
            time.sleep(0.005)
        return time.monotonic() - start

    pairs = alternate(READS, list(cookies), leaky)
    try:
        same_time("with a leak of 5 ms", pairs, 0.001)
    except AssertionError as seen:
        print(f"noticed: {seen}")
        return
    raise AssertionError("a leak of 5 ms wasn't noticed")


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        receipt = slot.upload("a letter")
        used = " ".join(re.findall(r"<li>(\w+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', receipt.text)[1]))
        unused = never_used()
        time.sleep(12)  # the pool fills: its work would be in the figures
        cookies, pages = {}, {}

        def measured_sign_in(codename):
            cookies[codename], taken = sign_in(slot, codename)
            return taken

        def measured_read(codename):
            pages[codename], taken = read(slot, cookies[codename])
            return taken

        sign_ins = alternate(SIGN_INS, [used, unused], measured_sign_in)
        reads = alternate(READS, [used, unused], measured_read)
        texts = {c: re.sub(r"[\w-]{43}", "TOKEN", p.text) for c, p in pages.items()}
        assert pages[used].status == pages[unused].status == 200
        assert texts[used] == texts[unused] and "There is no reply for you" in texts[used]
        assert {len(p.body) % STEP for p in pages.values()} == {0} and len({len(p.body) for p in pages.values()}) == 1
        assert [k for k, _ in pages[used].headers.items()] == [k for k, _ in pages[unused].headers.items()]
        assert len(pages[used].body) == STEP, "with no reply it is one step"
        same_time("sign-in", sign_ins, 0.02)
        same_time("mailbox", reads, 0.001)
        notices_leak(cookies, unused, measured_read)
        # A wrong word is named without Argon2id, and the typed words stay in the field.
        typo_times = []
        for _ in range(5):
            form = token_of(slot.get("/sign-in"))
            start = time.monotonic()
            typo = send(slot, "/sign-in", token=form, codename="xyzzy" + unused)
            typo_times.append(time.monotonic() - start)
            assert typo.status == 400 and "Word 1 is not a word" in typo.text and html.escape(unused) in typo.text
        assert min(typo_times) < statistics.median(t for p in sign_ins for t in p), "a typo costs as much as a codename"
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
