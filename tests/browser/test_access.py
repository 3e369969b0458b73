"""The form with a keyboard only, with large letters, in forced colours, in a browser without frames, and in one whose session ended."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../lib"))
from slot import Slot  # noqa: E402


def main():
    with Slot(sys.argv[1], {"server": {"languages": "en fr"}}) as slot:
        slot.make_keys("--inbox", "press=Press & radio")
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        slot.start()
        return subprocess.run(["node", os.path.join(HERE, "access.mjs"), slot.url], check=False).returncode


sys.exit(main())
