"""Every page, in every language: accessible, no wider than the screen, nothing fetched from elsewhere; topics chosen there arrive."""
# time limit: 400

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
from browse import read_manifest  # noqa: E402
from life import send_reply  # noqa: E402
from slot import Slot  # noqa: E402

PATHS = ["/", "/how", "/fingerprints", "/receipt", "/sign-in", "/mailbox", "/progress", "/slot", "/no-such-page"]
TOPICS = {"city": "Nice | Lyon, 3e | Marseille", "technology": "facial recognition | sound_sensors"}
CHOSEN = {"city": "Lyon, 3e", "technology": "sound_sensors"}


def with_a_reply(slot):
    """A source whose mailbox has a letter: its codename."""
    words = slot.upload("from a source who gets a reply").codename()
    send_reply(slot, slot.carry()[0])
    return words


def check_topics(slot, known):
    """What was chosen in the page stands in the reviewer's list and in the sealed manifest, of this submission alone."""
    new = [i for i in slot.carry() if i["id"] not in known]
    chosen = [i for i in new if i["topics"]]
    assert len(new) == 3 and [i["topics"] for i in chosen] == [CHOSEN], new
    assert read_manifest(slot, chosen[0]["id"])["topics"] == CHOSEN


def main():
    with Slot(sys.argv[1], {"server": {"languages": "en fr"}, "topics": TOPICS}) as slot:
        slot.serve()
        words = with_a_reply(slot)
        known = {i["id"] for i in slot.desk.items()}
        job = {"base": slot.url, "paths": [p + q for p in PATHS for q in ("?lang=en", "?lang=fr")], "words": words, "topics": CHOSEN}
        done = subprocess.run(["node", os.path.join(HERE, "pages.mjs"), json.dumps(job)], check=False)
        if done.returncode == 0:
            check_topics(slot, known)
        return done.returncode


sys.exit(main())
