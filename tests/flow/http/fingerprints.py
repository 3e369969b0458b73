#!/usr/bin/env python3
"""The fingerprint page: what it shows is what sealslot-keys prints; its QR code is read by another program; its keys seal."""
# builds: release sanitize

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib"))
from slot import File, Slot

WEIGHT = 20 * 1024


def main():
    with Slot(sys.argv[1], {"server": {"languages": "en fr"}}) as slot:
        slot.serve()
        pages = {lang: slot.get("/fingerprints?lang=" + lang) for lang in ("en", "fr")}
        png, style = slot.get("/fingerprint.png"), slot.get("/static/style.css")
        assert pages["en"].h1 == "Is this the right server?" and pages["fr"].h1.startswith("Est-ce le bon serveur")
        for page in pages.values():
            assert page.status == 200
            total = len(page.body) + len(png.body) + len(style.body)
            assert total < WEIGHT, total
        print("bytes of page, image and style:", total)

        shown = slot.run("keys/sealslot-keys", "show", slot.desk.keys).stdout
        with open(os.path.join(slot.desk.keys, "root.pub"), encoding="ascii") as f:
            root = f.read().split()[-1]
        words = shown[shown.index(root) + len(root):].split()[:8]
        assert root in pages["en"].text and " ".join(words) in pages["en"].text, (shown, pages["en"].text)

        assert png.status == 200 and png.headers["Content-Type"] == "image/png"
        assert "img-src 'self'" in pages["en"].headers["Content-Security-Policy"]
        path = os.path.join(slot.folder, "qr.png")
        with open(path, "wb") as f:
            f.write(png.body)
        read = subprocess.run(["zbarimg", "-q", "--raw", path], capture_output=True, text=True, check=True).stdout
        assert read.strip() == root, read

        # What a source seals with the line on the page, the desk's key opens: age in age.
        line = re.search(r"<code>age ((?:-r age1\w+ ?)+)-o sealed.age FILE</code>", pages["en"].text)[1].split()
        with open(os.path.join(slot.desk.keys, "publish", "keys.txt"), encoding="utf-8") as f:
            epochs = [x.split() for x in f if x.startswith("epoch: tips 1 ")]
        assert line == ["-r", epochs[0][5]], (line, epochs[0])
        sealed = subprocess.run(["age", *line], input=b"sealed twice", capture_output=True, check=True).stdout
        receipt = slot.upload("", [File("sealed.age", sealed)])

        # The receipt and the page show the words of one key.
        today = re.search(r'key 1, until [^<]*<br><span class="words">([a-z ]+)</span>', pages["en"].text)[1]
        assert re.search(r'<span class="words">([a-z ]+)</span>', receipt.text)[1] == today, receipt.text
        assert len(today.split()) == 8 and today in pages["fr"].text

        assert "/fingerprints" in slot.get("/how").text
        assert slot.request("POST", "/fingerprints", b"x", {"Content-Type": "text/plain"}).status == 405
    print("ok")


main()
