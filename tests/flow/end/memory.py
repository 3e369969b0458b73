"""A large upload: the server's memory stays where it was, and every byte comes out of the vault.

By hand with the size as second argument: python3 tests/flow/end/memory.py build 4294967297
"""
# time limit: 300
# alone

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../lib"), os.path.join(HERE, "../../bench")]
import browse  # noqa: E402
import measure  # noqa: E402
from slot import Slot, sha256  # noqa: E402

MIB = 1024 * 1024
ABOVE_IDLE = 8 * MIB
ARGON2 = 64 * MIB


def fill_pool(slot):
    """Codenames are derived ahead, 64 MiB at work: until the pool is full, the server isn't idle."""
    since, deadline = time.monotonic(), time.monotonic() + 200
    while time.monotonic() - since < 3:
        assert time.monotonic() < deadline, "the pool of codenames isn't filled"
        if measure.pss_bytes(slot.pid()) > ARGON2 // 2:
            since = time.monotonic()
        time.sleep(0.05)


def upload(slot, path):
    """One upload; bytes of PSS that all server processes have when idle, and at the peak of it."""
    slot.upload("warm up")
    fill_pool(slot)
    idle = measure.pss_bytes(slot.pid())
    with measure.PeakPss(slot.pid(), every=0.02) as peak:
        page = slot.curl_upload("large", [path])
    assert "<h1>" in page
    return idle, peak.peak


def main():
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 256 * MIB + 1
    with Slot(sys.argv[1], {"store": {"max_upload": "64G"}}) as slot:
        slot.serve()
        path = os.path.join(slot.folder, "large.bin")
        browse.write_random(path, size, 1)
        idle, peak = upload(slot, path)
        print(f"{size} bytes: PSS idle {idle / MIB:.1f} MiB, peak {peak / MIB:.1f} MiB")
        assert 0 < idle < peak, "the figures make no sense"
        assert peak - idle <= ABOVE_IDLE, f"{(peak - idle) / MIB:.1f} MiB above idle"
        digest = sha256(path)
        os.unlink(path)
        large = max(slot.carry(), key=lambda item: item["size"])
        found, _ = slot.desk.extract(large["id"])
        assert digest in found.values(), "what came out isn't what went in"


main()
