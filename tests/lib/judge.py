"""Is a page valid HTML5, light with its stylesheet, and is nothing in it inline or from elsewhere?"""

import json
import os
import re
import subprocess

WEIGHT = 20 * 1024
VALIDATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "validate.mjs")
INLINE = r'<(script|style|svg|object|embed)\b|<iframe(?! class="\w+" name="\w+" src="/\w)|\b(style|on\w+)='


class Judge:
    """any_page: the one that names the stylesheet; fetch(path): the text that lies there."""

    def __init__(self, any_page, fetch):
        (self.style,) = re.findall(r'<link\b[^>]*rel="stylesheet"[^>]*href="([^"]+)"', any_page)
        self.style_bytes = len(fetch(self.style).encode())
        assert self.style_bytes > 1000
        self.pages, self.heaviest = {}, (0, "")

    def add(self, lang, text, weighed=None):
        """weighed: what of the page counts, if not all."""
        title = re.search(r"<h1>(.*?)</h1>", text, re.S)[1].strip()
        name = f"{lang} {title} ({len(self.pages)})"
        weight = len((text if weighed is None else weighed).encode()) + self.style_bytes
        assert weight <= WEIGHT, f"{name}: {weight} bytes with its stylesheet"
        self.heaviest = max(self.heaviest, (weight, name))
        assert re.search(INLINE, text) is None, name
        assert re.findall(r"<link\b[^>]*>", text) and all(f'href="{self.style}"' in x for x in re.findall(r"<link\b[^>]*>", text)), name
        for link in re.findall(r'\b(?:href|src|action)="([^"]*)"', text):
            assert link.startswith(("/", "#")), f"{name}: {link}"
        self.pages[name] = text

    def titles(self):
        return {name.rpartition(" (")[0] for name in self.pages}

    def verdict(self):
        """The exit status of the validator, which says what is wrong."""
        print(f"{len(self.pages)} pages; heaviest: {self.heaviest}")
        return subprocess.run(["node", VALIDATE], input=json.dumps(self.pages), text=True, check=False).returncode
