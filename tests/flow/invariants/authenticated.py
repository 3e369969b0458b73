"""Invariant 7: the review tool shows, writes and counts nothing of a submission before it is authenticated, the last chunk first.

Damaged in the vault (show and extract), or already by the server that exports it (import, list, verify). Broken on purpose:
with a library that opens what doesn't verify (faults.c) the same submissions are shown, and counted.
"""

# time limit: 240

import json
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../lib"))
from faults import Faults  # noqa: E402
from slot import File, Slot  # noqa: E402

MARKER = "Ondine-Kestrel-90125"
COUNTS = ("files", "size", "message", "received", "topics", "mailbox")  # what list --json has from inside
CHUNK = 64 * 1024 + 16


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def damaged(data):
    """Where the vault's copy may have suffered, and how many chunks of it may be shown all the same; the header's end is 16 bytes of nonce before the first chunk."""
    payload = data.index(b"\n---") + 1
    payload = data.index(b"\n", payload) + 1 + 16
    yield "the header", flip(data, 60), 0
    yield "the first chunk", flip(data, payload + 100), 0
    # What stands before it is authentic, and so is the last chunk.
    yield "the second chunk", flip(data, payload + CHUNK + 5), 1
    yield "the last chunk", flip(data, len(data) - 30), 0
    yield "its tag", flip(data, len(data) - 1), 0
    yield "the last chunk is gone", data[:payload + ((len(data) - payload - 1) // CHUNK) * CHUNK], 0
    yield "cut in a chunk", data[:payload + CHUNK + 1000], 0


def sealed_file(vault):
    found = [os.path.join(at, n) for at, _, names in os.walk(os.path.join(vault, "items")) for n in names if n.endswith(".age")]
    assert len(found) == 1, found
    return found[0]


def shown(slot, item, env=None):
    """What show and extract let out of it, as bytes; and whether they reported success."""
    to = os.path.join(slot.folder, "out")
    shutil.rmtree(to, ignore_errors=True)
    out, good = b"", True
    for args in (["show", slot.desk.vault, item], ["extract", slot.desk.vault, item, "--to", to]):
        done = subprocess.run([os.path.join(slot.build, "client/sealslot-review"), *args, *slot.passphrase],
                              capture_output=True, check=False, env=env)
        out += done.stdout + done.stderr
        good = good and done.returncode == 0
    for at, _, names in os.walk(to):
        for name in names:
            out += name.encode()
            with open(os.path.join(at, name), "rb") as f:
                out += f.read()
    return out, good


def review(slot, env, verb, vault, *args):
    return subprocess.run([os.path.join(slot.build, "client/sealslot-review"), verb, vault, *args, *slot.passphrase],
                          capture_output=True, text=True, check=False, env=env)


def counted(slot, bundle, env=None):
    """What list and verify say of it in a new vault: the text, what the JSON has, and whether verify finds it whole."""
    vault, empty = os.path.join(slot.folder, "new-vault"), os.path.join(slot.folder, "empty-vault")
    if not os.path.exists(empty):
        assert review(slot, None, "init", empty, "--keys", slot.desk.keys).returncode == 0
    shutil.rmtree(vault, ignore_errors=True)
    shutil.copytree(empty, vault)
    review(slot, env, "import", vault, bundle)
    (item,) = json.loads(review(slot, env, "list", vault, "--json").stdout)["items"]
    if env:
        return "", item, False
    return review(slot, env, "list", vault).stdout, item, "1 verified" in review(slot, env, "verify", vault).stdout


def check_counts(slot, faults, whole):
    """The server's own file is damaged, and signed as it is: what the vault counts is authenticated, or nothing."""
    (name,) = slot.stored()
    path, broken = os.path.join(slot.store, "items", name), 0
    text, true, good = counted(slot, slot.export("--all"))
    assert good and true["state"] == "opened" and true["files"] == 1 and true["received"] in text, "the test sees nothing"
    for what, data, _ in damaged(whole):
        if what not in ("the last chunk", "its tag"):
            continue  # that is where the counts come from
        os.chmod(path, 0o600)
        with open(path, "wb") as f:
            f.write(data)
        os.chmod(path, 0o400)
        bundle = slot.export("--all")
        text, item, good = counted(slot, bundle)
        assert not good, f"{what}: verify calls it whole"
        counts = {k: item[k] for k in COUNTS if item.get(k)}
        assert not counts and item["state"] != "opened", f"{what}: {item}"
        assert true["received"] not in text, f"{what}: {text}"
        _, item, _ = counted(slot, bundle, faults.env())
        broken += any(item.get(k) for k in COUNTS) and not counts
    assert broken >= 1, "a library that verifies nothing counts nothing either: is this test blind?"
    print(f"nothing is counted of a damaged one; without verification {broken} would be")


def last_line(out):
    """The highest number of a line that was let out; -1: none."""
    return max((int(n) for n in re.findall(MARKER.encode() + rb"-(\d{6})", out)), default=-1)


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        lines = "".join(f"{MARKER}-{i:06}\n" for i in range(12_000)).encode()
        slot.upload(f"{MARKER}-000000", [File("a.txt", lines)])
        (item,) = slot.carry()
        path = sealed_file(slot.desk.vault)
        with open(path, "rb") as f:
            whole = f.read()
        out, good = shown(slot, item["id"])
        assert good and last_line(out) == 11_999, "the test sees nothing"
        faults = Faults(slot.build, slot.folder)
        faults.believe()
        seen_when_broken = 0
        for what, data, chunks in damaged(whole):
            os.chmod(path, 0o600)
            with open(path, "wb") as f:
                f.write(data)
            out, good = shown(slot, item["id"])
            assert not good, f"{what}: no complaint"
            seen = last_line(out)
            assert seen <= chunks * (CHUNK // len(lines.split()[0])) - (chunks == 0), f"{what}: line {seen} was shown"
            out, _ = shown(slot, item["id"], env=faults.env())
            seen_when_broken += last_line(out) > seen
        assert seen_when_broken >= 1, f"a library that verifies nothing shows {seen_when_broken} of them: is this test blind?"
        print(f"nothing is shown of a damaged one; without verification {seen_when_broken} would be")
        slot.stop()
        check_counts(slot, faults, whole)


main()
