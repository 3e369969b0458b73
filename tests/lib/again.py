"""A source who reloads, goes back, presses twice, or loses the answer: one submission, one codename."""

import html
import os
import re
import time

from browse import write_random
from life import LETTER, RATE, SEND, send_reply, words_of
from remote import Refused, Session
from slot import Slot
from slowline import SlowLine

SIZE = 600_000
HEARD = 100_000  # bytes up: only an upload sends so many


def until(what, why, seconds=60):
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, why
        time.sleep(0.1)


def can(step, *args, **values):
    """Whether that can be done now; and then it is."""
    try:
        step(*args, **values)
        return True
    except Refused:
        return False


def press(page, selector, **where):
    """As soon as it is there."""
    until(lambda: can(page.press, selector, **where), f"there is no {selector} {where}")


def paths(page):
    return ["/" + url.split("?")[0].partition("//")[2].partition("/")[2] for url in page.do("frames")]


def receipt_link(page):
    """That of the answer to a form that was sent before. It opens a tab of its own, so that nothing in the form is lost."""
    try:
        found = re.search(r'<base target="_blank">.*<a href="(/receipt[^"]*)"', page.do("html", at="/submit"), re.S)
        return found and html.unescape(found[1])
    except Refused:
        return None


def to_receipt(page):
    """By that link, in the only tab that is looked at here; the codename."""
    until(lambda: receipt_link(page), f"no link to the receipt: {page.do('frames')}")
    page.open(receipt_link(page))
    until(lambda: paths(page) == ["/receipt"] and page.text(), f"it isn't the receipt: {page.do('frames')}")
    return words_of(page)


def fill(page, file, message):
    page.open("/?lang=en")
    page.type("textarea[name=message]", message)
    page.do("attach", selector="input[type=file]", paths=[file])


def receipt_in_frame(page):
    until(lambda: "/receipt" in paths(page)[1:] and page.text("/receipt"), f"no receipt: {page.do('frames')}")
    return words_of(page)


def back_and_again(page, slot, file):
    """Back in the frame; the form is still there with its token: its button sends nothing twice."""
    fill(page, file, "sent once")
    page.press(SEND)
    words = receipt_in_frame(page)
    page.do("back")
    until(lambda: "/receipt" not in paths(page), f"it didn't go back: {page.do('frames')}")
    press(page, SEND)
    assert to_receipt(page) == words, "the codename is another one"
    return words


def moment(page):
    """When the page was loaded; None between two pages."""
    try:
        return page.do("moment")
    except Refused:
        return None


def reload_receipt(page, words):
    for _ in range(2):
        before = moment(page)
        page.do("reload")
        until(lambda b=before: moment(page) not in (b, None) and page.text(), "it doesn't load again")
        assert words_of(page) == words, "the codename is another one after a reload"


def back_to_the_form(page):
    """Whatever the browser has kept of the page that was left: pressed once more, it stores nothing; nor does loading it again."""
    page.do("back")
    until(lambda: paths(page)[0] == "/", f"it didn't go back: {page.do('frames')}")
    press(page, SEND)
    until(lambda: {"/submit", "/receipt"} & set(paths(page)[1:]), f"no answer in the frame: {page.do('frames')}")
    page.do("reload")
    until(lambda: page.text() and "/submit" not in paths(page), f"it doesn't load again: {page.do('frames')}")


def answer_lost(page, line, slot, file):
    """The circuit breaks between the commit and the answer; the source, who has seen nothing, presses again."""
    fill(page, file, "sent, and not answered")
    with line.deaf(HEARD):
        page.press(SEND)
        until(lambda: line.lost and slot.stored(), "the answer didn't get lost")
        assert "/receipt" not in paths(page)
    # A browser that sends by itself again may have the answer by now.
    if not receipt_link(page):
        press(page, SEND)
    return to_receipt(page)


def stored_once(page, slot, words):
    """One submission, and it is the one that the codename belongs to."""
    assert len(slot.stored()) == 1, "it was stored twice"
    (item,) = slot.carry()
    send_reply(slot, item)
    page.open("/sign-in?lang=en")
    page.type("input[name=codename]", " ".join(words))
    page.press("button[type=submit]")
    until(lambda: can(page.do, "inner", selector=".letter"), f"no reply for this codename: {page.text()}")
    assert page.do("inner", selector=".letter") == LETTER.strip()


def again(build, browser):
    for lose in (False, True):
        with Slot(build) as slot, SlowLine(slot.port, RATE) as line:
            slot.serve()
            file = os.path.join(slot.folder, "a.bin")
            write_random(file, SIZE, 1)
            with Session(browser, "http://" + slot.instance, os.environ.get("SEALSLOT_SHOTS"), socks=line.socks) as page:
                words = answer_lost(page, line, slot, file) if lose else back_and_again(page, slot, file)
                reload_receipt(page, words)
                back_to_the_form(page)
                stored_once(page, slot, words)
        print(f"{browser}: stored once, one codename, {'the answer lost' if lose else 'back and again'}", flush=True)
