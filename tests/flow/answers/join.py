"""A file in parts, over several submissions of one source, is put together once all parts are there."""
# time limit: 120

import hashlib
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source
from slot import File, Slot


def parts(name, content, size):
    return [File(name.format(i), content[at:at + size]) for i, at in enumerate(range(0, len(content), size), 1)]


SPLITS = [  # as coreutils' split is told; NAME for join; the joined file's name
    (["-d"], "x", "x"), ([], "x", "joined"), (["-a", "3", "F.zip", "film.zip."], "film.zip", "film.zip"),
    (["F.zip", "film.zip."], "film.zip", "film.zip"), (["-d", "F.zip", "film.part-"], "film", "film"),
    (["--numeric-suffixes=1", "F.zip", "film.part_"], "film", "film"), (["-d", "-a", "4", "F.zip", "f."], "f", "f"),
    (["F.zip", "f.part-"], "f", "f")]


def split_by_coreutils(slot, source):
    """What the real split writes, bit for bit; seen by show and extract."""
    content = os.urandom(270_000)
    letters = []
    for number, (args, name, joined) in enumerate(SPLITS):
        folder = os.path.join(slot.folder, f"split-{number}")
        os.mkdir(folder)
        with open(os.path.join(folder, "F.zip"), "wb") as f:
            f.write(content)
        subprocess.run(["split", "-b", "100000", *(args if "F.zip" in args else [*args, "F.zip"])], cwd=folder, check=True)
        os.unlink(os.path.join(folder, "F.zip"))
        names = sorted(os.listdir(folder))
        assert len(names) == 3, names
        files = [File(n, open(os.path.join(folder, n), "rb").read()) for n in names]
        # Each way of another source: some names are the same.
        one = Source()
        letters.append((one.plant(slot, "split", [files[2], File("report.de", b"no part")]), name, joined))
        one.plant(slot, "split", [File("photo.jp", b"x"), files[0], files[1], File("notes_00", b"alone")])
    # None of these is a part: no sequence from the start on, or not of one size.
    lone = source.plant(slot, "lone", [File("report.de", b"x"), File("photo.jp", b"x"), File("minutes_03", b"x"),
                                       File("a.aa", b"x"), File("b.aa", b"1"), File("b.ab", b"longer"),
                                       File("c.aa", b"1"), File("c.ac", b"1"), File("x.avi", b"x")])
    slot.carry()
    for number, (item, name, joined) in enumerate(letters):
        out = os.path.join(slot.folder, f"joined-{number}")
        said = slot.desk.review("show", item).stdout
        assert "Part of a larger file: file 001. 3 parts came" in said and f"NAME: {name}\n" in said, said
        assert f"{slot.desk.vault} {item[:8]} --to DIR NAME" in said and said.count("larger file") == 1, said
        said = slot.desk.review("extract", item, "--to", out + "-x").stdout
        assert "Part of a larger file: file 001" in said and f"NAME: {name}\n" in said, said
        for args in ([], [name]):
            slot.desk.review("join", item, "--to", out + "".join(args), *args)
            with open(os.path.join(out + "".join(args), "001-" + joined), "rb") as f:
                assert f.read() == content, SPLITS[number]
    assert "larger file" not in slot.desk.review("show", lone).stdout
    assert "no part" in slot.desk.review("join", lone, "--to", out, status=1).stderr


def closed_letters(slot, source):
    """Others of the source that can't be opened any more are no part of the file, until one is missing."""
    old = source.plant(slot, "an old letter", [File("readme.txt", b"x")], epoch=2)
    hurt = source.plant(slot, "damaged later", [File("readme.txt", b"x")])
    content = os.urandom(3000)
    letters = [source.plant(slot, "", [f]) for f in parts("late.img.part{}", content, 1000)]
    slot.desk.review("import", slot.export(), status=1)  # a letter for keys of later: it doesn't fit
    os.unlink(os.path.join(slot.desk.keys, "epochs", "tips-2.age"))  # as retire does
    assert "it was retired" in slot.desk.review("show", old, status=1).stderr
    harm(slot, hurt)
    out = os.path.join(slot.folder, "late")
    done = slot.desk.review("join", letters[0], "--to", out)
    assert hashlib.sha256(content).hexdigest() in done.stdout and not done.stderr, done
    harm(slot, letters[1])
    done = slot.desk.review("join", letters[0], "--to", out, status=1)
    assert "part 2 hasn't come yet" in done.stderr, done
    for item in (old, hurt, letters[1]):
        assert f"{item}: this submission of the same source can't be opened" in done.stderr, done
    done = slot.desk.review("join", letters[1], "--to", out, status=1)
    assert letters[1] in done.stderr and old not in done.stderr, done


def harm(slot, item):
    path = os.path.join(slot.desk.vault, "items", item + ".age")
    os.chmod(path, 0o600)
    with open(path, "r+b") as f:
        f.seek(40)
        f.write(b"!!!!!!!!")


def main():
    with Slot(sys.argv[1]) as slot:
        slot.make_keys()
        slot.run("tests/interop/cheap_unlock", slot.desk.keys, slot.passphrase[1])
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
        said = slot.desk.review("show", second).stdout
        assert "larger file: file 002, file 001. 3 of at least 4 parts came." in said and "NAME: film é.mp4\n" in said, said
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
        split_by_coreutils(slot, bob)
        closed_letters(slot, Source())


if __name__ == "__main__":
    main()
