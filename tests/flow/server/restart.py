"""A verb that comes while the server restarts its store waits for it, instead of taking the store for itself."""
# time limit: 120

import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot  # noqa: E402

KILLS = 4


def store_pid(slot):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for pid in slot.pids():
            try:
                with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                    if f.read().startswith("sealslotd-store"):
                        return pid
            except OSError:
                pass
        time.sleep(0.05)
    raise AssertionError("no store process")


def kill_and_wait(pid):
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                if f.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except OSError:
            return
        time.sleep(0.001)
    raise AssertionError("it doesn't die")


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        while "serving on" not in slot.log_text():  # from then on a dead child is restarted
            time.sleep(0.05)
        for _ in range(KILLS):
            kill_and_wait(store_pid(slot))
            told = slot.sealslotd("status", "--json", status=None)
            assert '"serving":true' in told.stdout, f"a verb took the store of a running server: {told}"
        second = slot.sealslotd("serve", status=1).stderr
        assert "running" in second or "Address already in use" in second or "listen" in second, second
        slot.stop()
        assert not json.loads(slot.sealslotd("status", "--json").stdout)["serving"]


main()
