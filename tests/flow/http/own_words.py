"""What an admin says in the pages' languages: logo, intro, contact, topics, inboxes; and what of it is refused."""

# builds: release sanitize

import os
import re
import struct
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot, body_of, part  # noqa: E402

WEIGHT = 20 * 1024
LOGO_MAX = 6 * 1024
CONF = {"server": {"languages": "en fr",
                   "intro.en": "We are <script>alert(1)</script> five people.",
                   "intro.fr": "Nous sommes cinq à « Nice ».",
                   "contact.fr": "Sur papier : 1, rue de l'Église"},
        "topics": {"technology": "facial recognition | drones", "technology.fr": "Technologie: reconnaissance faciale | drones",
                   "sound_sensors": "yes | no"},
        "inboxes": {"tips.fr": "Cellule enquête"}}


def chunk(kind, data=b""):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(side, *more, noise=0):
    rows = (b"\0" + os.urandom(noise) + b"\xff" * (side - noise)) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)) + \
        b"".join(more) + chunk(b"IDAT", zlib.compress(rows, 0 if noise else 9)) + chunk(b"IEND")


def refusals(slot, path):
    """Each with the file's name, what is wrong, what to do."""
    good = png(64)
    for content, says in ((png(80, noise=80), "larger than 6 KiB"), (b"<html><script>alert(1)</script></html>", "isn't a PNG"),
                          (png(64, chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")), "optipng -strip all"),
                          (good + b"<script>alert(1)</script>", "save it as PNG again"), (good[:-20], "copy it here again"),
                          (png(1025), "1024 pixels"), (b"", "isn't a PNG"), (None, "take [server] logo out")):
        if content is None:
            os.unlink(path)
        else:
            with open(path, "wb") as f:
                f.write(content)
        said = slot.sealslotd("serve", status=1).stderr
        assert path in said and says in said, (says, said)
    with open(path, "wb") as f:
        f.write(good)
    os.chmod(path, 0o666)
    assert "chmod go-w" in slot.sealslotd("serve", status=1).stderr
    os.chmod(path, 0o644)
    return good


def check_page(slot, logo):
    english, french = slot.get("/"), slot.get("/?lang=fr")
    assert "We are &lt;script&gt;alert(1)&lt;/script&gt; five people." in english.text
    assert "<script" not in english.text and "Sur papier" not in english.text and "Nous sommes" not in english.text
    assert "Nous sommes cinq à « Nice »." in french.text and "Sur papier : 1, rue de l&#39;Église" in french.text
    assert "Sur papier" in slot.get("/sign-in?lang=fr").text
    assert '<img src="/logo.png" alt="Logo of Test desk">' in english.text
    assert '<img src="/logo.png" alt="Logo de Test desk">' in french.text
    for page in (english, french):
        style = slot.get("/static/style.css")
        weight = len(page.body) + len(style.body) + LOGO_MAX
        assert weight <= WEIGHT, f"{weight} bytes with the largest logo"
    answer = slot.get("/logo.png")
    assert answer.status == 200 and answer.body == logo and answer.headers["Content-Type"] == "image/png"
    for name in ("Content-Security-Policy", "Cross-Origin-Resource-Policy", "Cache-Control", "X-Content-Type-Options"):
        assert answer.headers[name] == slot.get("/fingerprint.png").headers[name], name
    return french.text


def check_choices(slot, french):
    """French words on the page, the main ones in what is sealed."""
    assert re.search(r'<label for="topic-technology">Technologie <', french)
    assert '<option value="facial recognition">reconnaissance faciale</option><option value="drones">drones</option>' in french
    assert re.search(r'<label for="topic-sound_sensors">sound sensors <', french)
    assert "<strong>Cellule enquête</strong>" in french and "<strong>Cellule enquête</strong>" in slot.get("/how?lang=fr").text
    english = slot.get("/").text
    assert "<strong>Investigations desk</strong>" in english and 'value="facial recognition">facial recognition<' in english
    form = slot.form()
    form.hidden = [(name, "facial recognition" if name == "topic-technology" else value) for name, value in form.hidden]
    body, kind = body_of(form.parts("m", [File("a", b"b")]))
    page = slot.post(body, kind, action=form.action + "&lang=fr")
    assert page.status == 200, page.h1
    (item,) = slot.carry()
    assert item["topics"] == {"technology": "facial recognition"}, item


def main():
    with Slot(sys.argv[1], CONF) as slot:
        path = os.path.join(slot.folder, "logo.png")
        slot._conf["server"]["logo"] = path  # pylint: disable=protected-access
        slot.prepare()
        logo = refusals(slot, path)
        slot.start()
        check_choices(slot, check_page(slot, logo))
    with Slot(sys.argv[1]) as slot:  # without any of it
        slot.serve()
        assert slot.get("/logo.png").status == 404
        assert "<img" not in slot.get("/").text


main()
