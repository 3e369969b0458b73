"""A source's browser without JavaScript, step by step; one session from its start to its end."""

import json
import os
import subprocess
import time

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../browser")
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


class Refused(Exception):
    """The browser could not do what it was told."""


class Session:
    """A browser with a profile of its own. shots: the folder for screenshots, or None."""

    def __init__(self, browser, url, shots=None, **options):
        self.name, self.url, self.shots = browser, url, shots
        job = json.dumps({"browser": browser, **options})
        self.process = subprocess.Popen(["node", os.path.join(FOLDER, "remote.mjs"), job], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def do(self, what, **values):
        self.process.stdin.write(json.dumps({"do": what, **values}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"{self.name} ended at {what} {values}")
        answer = json.loads(line)
        if "error" in answer:
            raise Refused(f"{self.name}: {what} {values}: {answer['error']}")
        return answer["value"]

    def open(self, path):
        self.do("open", url=self.url + path)

    def press(self, selector, **where):
        self.do("press", selector=selector, **where)

    def type(self, selector, text):
        self.do("type", selector=selector, text=text)

    def text(self, at=None):
        """What stands in the frame whose address is at; None while there is none, or while it is loading."""
        try:
            return self.do("text", at=at)
        except Refused:
            return None

    def until(self, says, at=None, seconds=60):
        """Waits until the page, or that frame, says this; all that it says then."""
        deadline = time.monotonic() + seconds
        while says not in ((text := self.text(at)) or ""):
            if time.monotonic() > deadline:
                self.shot("stuck")
                raise Refused(f"{self.name}: after {seconds} s {at or 'the page'} says {text!r}, not {says!r}; "
                              f"it shows {self.do('frames')}")
            time.sleep(0.1)
        return text

    def shot(self, name):
        """At both sizes, if anybody wants them."""
        for size, (width, height) in SIZES.items() if self.shots else ():
            self.do("resize", width=width, height=height)
            time.sleep(0.3)
            self.do("shot", path=os.path.join(self.shots, f"{self.name}-{name}-{size}.png"))
