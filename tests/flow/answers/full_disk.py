"""A full disk under an import: nothing is taken, and the same bundle is taken once there is room."""
# time limit: 120

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source, replies
from mounts import may_mount, skip
from slot import Slot


def main():
    if not may_mount():
        skip("a full disk")
    with Slot(sys.argv[1]) as slot:
        slot.make_keys()
        slot.write_conf()
        os.mkdir(slot.store, 0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700,uid=65534,gid=65534", "none", slot.store],
                       check=True)
        try:
            slot.sealslotd("init")
            slot.publish()
            alice = Source()
            item = alice.plant(slot, "hello")
            slot.carry()
            text = os.path.join(slot.folder, "text")
            with open(text, "w", encoding="ascii") as f:
                f.write("z" * 50_000)
            for _ in range(3):
                slot.desk.review("reply", item, "--message-file", text)
            out = os.path.join(slot.folder, "answers.tar")
            slot.desk.review("outbox", out)
            filler = os.path.join(slot.store, "items", "filler")
            with open(filler, "wb") as f:
                try:
                    while True:
                        f.write(b"x" * 4096)
                        f.flush()
                except OSError:
                    os.truncate(filler, os.path.getsize(filler) // 4096 * 4096 - 8 * 4096)
            done = slot.sealslotd("import", out, status=1)
            assert "The disk is full. Nothing was taken" in done.stderr, done
            os.unlink(filler)
            assert not replies(slot, alice)
            assert "3 new replies" in slot.sealslotd("import", out).stdout
            assert [alice.read(sealed) for sealed in replies(slot, alice)] == ["z" * 50_000] * 3
        finally:
            subprocess.run(["umount", slot.store], check=True)


if __name__ == "__main__":
    main()
