"""A file that the source sealed once more is opened with the same keys; submissions of one source stand together."""
# time limit: 120

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source, keys_txt
from slot import File, Slot


def age(recipient, content):
    return subprocess.run(["age", "-r", recipient], input=content, capture_output=True, check=True).stdout


def main():
    with Slot(sys.argv[1]) as slot:
        slot.make_keys()
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        ours = re.search(r"^epoch: tips 1 \S+ \S+ (age1\w+)", keys_txt(slot), re.M)[1]
        alice, bob = Source(), Source()
        secret = os.urandom(200_000)
        good, stranger = age(ours, secret), age(alice.recipient, b"for somebody else")
        files = [File("report.pdf.age", good), File("no extension", good), File("stranger.age", stranger),
                 File("broken.age", good[:-1] + bytes([good[-1] ^ 1])), File("text.age", b"age-encryption is nice"),
                 File("cut.age", good[:70000]), File("empty.age", age(ours, b""))]
        first = alice.plant(slot, "sealed twice", files)
        second = alice.plant(slot, "and again")
        third = bob.plant(slot, "somebody else")
        slot.carry()

        shown = slot.desk.review("show", first).stdout
        assert [n for n in range(1, 8) if f"File {n:03d} is sealed once more" in shown] == [1, 2, 3, 4, 6, 7], shown
        to = os.path.join(slot.folder, "out")
        said = slot.desk.review("extract", first, "--to", to).stdout
        got = {n: open(os.path.join(to, n), "rb").read() for n in os.listdir(to)}
        assert got["001-report.pdf"] == secret and got["002-no extension.opened"] == secret, sorted(got)
        assert got["003-stranger.age"] == stranger and got["004-broken.age"] == files[3].content, sorted(got)
        assert got["005-text.age"] == files[4].content and got["006-cut.age"] == files[5].content, sorted(got)
        assert got["007-empty"] == b"" and len(got) == 9, sorted(got)
        assert said.count("this is what was inside") == 3 and said.count("not to a key of ours") == 1, said
        assert said.count("sealed once more, but damaged") == 2, said
        assert all(os.stat(os.path.join(to, n)).st_mode & 0o777 == 0o600 for n in got)

        listed = {line.split()[0]: line for line in slot.desk.review("list").stdout.splitlines() if line}
        assert "source 1" in listed[first[:8]] and "source 1" in listed[second[:8]], listed
        assert "source" not in listed[third[:8]], listed
        assert f"also      {second[:8]}" in shown and third[:8] not in shown, shown
        text = os.path.join(slot.folder, "text")
        with open(text, "w", encoding="ascii") as f:
            f.write("hello")
        slot.desk.review("reply", second, "--message-file", text)
        assert "it waits in the outbox" in slot.desk.review("show", first).stdout
        os.mkfifo(slot.folder + "/pipe")
        done = slot.desk.review("import", slot.folder + "/pipe", status=1)
        assert "isn't a file" in done.stderr, done


if __name__ == "__main__":
    main()
