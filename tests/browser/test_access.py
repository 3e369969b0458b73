"""Form, receipt and mailbox with a keyboard only, with large letters, in forced colours, without frames, and after a session ended."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
from life import send_reply, serve  # noqa: E402
from slot import Slot  # noqa: E402


def main():
    with Slot(sys.argv[1], {"server": {"languages": "en fr"}}) as slot:
        serve(slot)
        words = slot.upload("from a source who gets a reply").codename()
        send_reply(slot, slot.carry()[0])
        return subprocess.run(["node", os.path.join(HERE, "access.mjs"), slot.url, *words], check=False).returncode


sys.exit(main())
