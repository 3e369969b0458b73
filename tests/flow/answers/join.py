"""A file in parts, over several submissions of one source, is put together once all parts are there."""
# time limit: 120

import hashlib
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source
from slot import File, Slot


def parts(name, content, size):
    return [File(name.format(i), content[at:at + size]) for i, at in enumerate(range(0, len(content), size), 1)]


def main():
    with Slot(sys.argv[1]) as slot:
        slot.make_keys()
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        alice, bob = Source(), Source()
        film, other = os.urandom(350_001), os.urandom(1000)
        numbered, dotted = parts("film é.mp4.part{}", film, 100_000), parts("disk.img.{:03d}", other, 300)
        split = [File("x" + n, film[at:at + 150_000]) for n, at in (("aa", 0), ("ab", 150_000), ("ac", 300_000))]
        first = alice.plant(slot, "one", [numbered[1], File("readme.txt", b"x")])
        second = alice.plant(slot, "two", [numbered[3], numbered[0], *dotted])
        third = bob.plant(slot, "a stranger's", [File("film é.mp4.part3", b"not hers")])
        slot.carry()
        out = os.path.join(slot.folder, "out")

        done = slot.desk.review("join", first, "--to", out, status=1)
        assert "part 3 hasn't come yet" in done.stderr and "1 of 4 parts is missing" in done.stderr, done
        assert not os.path.exists(out)
        done = slot.desk.review("join", second, "--to", out, status=1)
        assert "parts of several files" in done.stderr, done
        said = slot.desk.review("join", second, "--to", out, "disk.img").stdout
        assert hashlib.sha256(other).hexdigest() in said and "4 parts" in said, said
        assert "has no part" in slot.desk.review("join", second, "--to", out, "none", status=1).stderr
        assert "--to" in slot.desk.review("join", second, status=2).stderr

        fourth = alice.plant(slot, "the rest", [numbered[2], *split, File("xyz.txt", b"no part")])
        slot.carry()
        assert hashlib.sha256(film).hexdigest() in slot.desk.review("join", first, "--to", out).stdout
        assert hashlib.sha256(film).hexdigest() in slot.desk.review("join", fourth, "--to", out, "x").stdout
        got = {n: open(os.path.join(out, n), "rb").read() for n in os.listdir(out)}
        assert got == {"001-disk.img": other, "001-film é.mp4": film, "001-joined": film}, sorted(got)
        assert "nothing is ever overwritten" in slot.desk.review("join", first, "--to", out, status=1).stderr

        alice.plant(slot, "once more", [File("film é.mp4.part3", b"changed")])
        again = alice.plant(slot, "the same", [numbered[0]])
        slot.carry()
        assert "one part twice" in slot.desk.review("join", again, "--to", out, status=1).stderr


if __name__ == "__main__":
    main()
