"""A source's whole life in a browser without JavaScript, over a slow line; the first visit in one language, the next in the other."""

import os
import re
import time

from browse import write_random
from remote import Session
from slot import Slot, sha256
from slowline import SlowLine

RATE = 300_000
SIZE = 3_000_000
SEND = "form[target=receipt] button"
TEXTS = {
    "en": {"form": "Send documents to", "waiting": "Nothing is on its way yet", "coming": "have arrived: ", "stored": "Everything has arrived",
           "broken": "The line broke", "receipt": "It has arrived", "mailbox": "Your mailbox", "typo": "Word 3 is not",
           "none": "There is no reply", "out": "You are signed out",
           "over": "You are not signed in"},
    "fr": {"form": "Envoyer des documents", "waiting": "Rien n’est encore en route", "coming": "sont arrivés : ", "stored": "Tout est arrivé",
           "broken": "La connexion a été coupée", "receipt": "C’est arrivé", "mailbox": "Votre boîte aux lettres", "typo": "Le mot 3 n’est",
           "none": "pas de réponse", "out": "La session est fermée",
           "over": "Aucune session n’est ouverte"},
}
LETTER = "Dear source,\nwe have read it – & thank you: \u05e9\u05dc\u05d5\u05dd.\n"
RTL_NAME = "facture\u202egnp.exe"


def percent(text):
    found = re.search(r"(\d+)\s*%", text or "")
    return int(found[1]) if found else None


def three_moments(page, says):
    """The figures that the frame shows while the upload runs, until there is a receipt: three or more, rising."""
    seen, deadline = [], time.monotonic() + 120
    while page.text("/receipt") is None:
        assert time.monotonic() < deadline, f"no receipt; progress {seen}, now {page.text('/progress')!r}"
        text = page.text("/progress") or ""
        if says in text and percent(text) not in seen:
            seen.append(percent(text))
            if len(seen) == 2:
                page.shot("progress")
        time.sleep(0.1)
    assert len(seen) >= 3 and seen == sorted(seen) and seen[0] < 60, f"the frame showed {seen}"
    return seen


def first_drop(page, line, says, lang, file):
    """A line that breaks, the same form again, progress, the receipt; the words of the codename."""
    page.open(f"/?lang={lang}")
    page.until(says["form"])
    page.until(says["waiting"], "/progress")
    page.shot("form")
    choose_second_inbox(page)
    page.type("textarea[name=message]", "the first letter")
    page.do("attach", selector="input[type=file]", paths=[file])
    page.press(SEND)
    page.until(says["coming"], "/progress")
    with line.broken(after=50_000):
        page.until(says["broken"], "/progress")
    page.shot("broken")
    page.press(SEND)
    seen = three_moments(page, says["coming"])
    assert says["receipt"] in page.text("/receipt")
    page.until(says["stored"], "/progress")
    page.shot("receipt")
    return seen, words_of(page)


def choose_second_inbox(page):
    page.do("focusOn", selector="select[name=inbox]")
    page.do("key", key="ArrowDown")


def sign_in(page, says, lang, words):
    """A typo is named; then the mailbox."""
    page.open(f"/sign-in?lang={lang}")
    page.until(says["mailbox"])
    page.type("input[name=codename]", " ".join(words[:2] + ["zzzz"] + words[3:]))
    page.press("button[type=submit]")
    page.until(says["typo"])
    page.shot("typo")
    page.do("clear", selector="input[name=codename]")
    page.type("input[name=codename]", "-".join(words).upper())
    page.press("button[type=submit]")
    page.until("we have read it")
    assert page.do("inner", selector=".letter") == LETTER.strip()
    page.shot("reply")


def second_drop(page, says, file):
    choose_second_inbox(page)
    page.type("textarea[name=message]", "the second letter")
    page.do("attach", selector="input[type=file]", paths=[file])
    page.press(SEND)
    page.until(says["receipt"], "/receipt")
    page.shot("second")


def leave(page, says, lang):
    page.open(f"/mailbox?lang={lang}")
    page.until("we have read it")
    page.press("summary")
    page.press("details button")
    page.until(says["none"])
    page.shot("deleted")
    page.press("form[action^='/sign-out'] button")
    page.until(says["out"])
    page.shot("out")
    page.open(f"/mailbox?lang={lang}")
    page.until(says["over"])


def words_of(page):
    html = page.do("html", at="/receipt")
    words = re.findall(r"<li>(\w+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', html, re.S)[1])
    assert len(words) == 8, html
    return words


def send_reply(slot, item):
    letter, answers = (os.path.join(slot.folder, name) for name in ("letter", "answers.tar"))
    with open(letter, "w", encoding="utf-8") as f:
        f.write(LETTER)
    slot.desk.review("reply", item["id"], "--message-file", letter)
    slot.desk.review("outbox", answers)
    assert "1 new reply" in slot.sealslotd("import", answers).stdout


def check_vault(slot, first, second, known):
    """Both drops lie in the second inbox, as one source's, with what was sent."""
    items = [i for i in slot.carry() if i["id"] not in known]
    assert [i["inbox"] for i in items] == ["press", "press"], items
    assert len({i["mailbox"] for i in items}) == 1, items
    found = {name: digest for i in items for name, digest in slot.desk.extract(i["id"])[0].items()}
    assert {sha256(first), sha256(second)} <= set(found.values()), found
    # The name is shown and stored as what it is: no character that turns the ones after it.
    assert not any("\u202e" in name for name in found), found


def serve(slot):
    """With two inboxes."""
    slot.make_keys("--inbox", "press=Press & radio")
    slot.write_conf()
    slot.sealslotd("init")
    slot.publish()
    slot.start()


def live(slot, line, browser, langs):
    """The life itself, against a server that runs, which may have taken in something before."""
    shots = os.environ.get("SEALSLOT_SHOTS")
    first, second = os.path.join(slot.folder, "large.bin"), os.path.join(slot.folder, RTL_NAME)
    write_random(first, SIZE, 1)
    write_random(second, 5_000, 2)
    known = {i["id"] for i in slot.carry()} if slot.stored() else set()
    url = "http://" + slot.instance
    with Session(browser, url, shots, socks=line.socks) as page:
        seen, words = first_drop(page, line, TEXTS[langs[0]], langs[0], first)
    (item,) = [i for i in slot.carry() if i["id"] not in known]
    send_reply(slot, item)
    with Session(browser, url, shots, socks=line.socks) as page:
        says = TEXTS[langs[1]]
        sign_in(page, says, langs[1], words)
        second_drop(page, says, second)
        leave(page, says, langs[1])
    check_vault(slot, first, second, known)
    print(f"{browser}: progress at {seen} %")


def life(build, browser, langs):
    with Slot(build, {"server": {"languages": "en fr"}}) as slot, SlowLine(slot.port, RATE) as line:
        serve(slot)
        live(slot, line, browser, langs)
