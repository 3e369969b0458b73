"""Every page, in every language: accessible, no wider than the screen, nothing fetched from elsewhere."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
from slot import Slot  # noqa: E402

PATHS = ["/", "/how", "/receipt", "/sign-in", "/mailbox", "/progress", "/slot", "/no-such-page"]


def main():
    topics = {"city": "Nice, Lyon, Marseille", "technology": "facial recognition, sound_sensors"}
    with Slot(sys.argv[1], {"server": {"languages": "en fr"}, "topics": topics}) as slot:
        slot.serve()
        paths = [p + q for p in PATHS for q in ("?lang=en", "?lang=fr")]
        done = subprocess.run(["node", os.path.join(HERE, "pages.mjs"), slot.url, *paths], check=False)
        return done.returncode


sys.exit(main())
