"""The ciphertext opens without us: age, then bsdtar, unzip, 7z and python see the same members, without a warning.

One of the uploaded files imitates a descriptor, a header and a whole directory: it forges nothing in any of them.
"""
# time limit: 300

import hashlib
import io
import json
import os
import re
import struct
import subprocess
import sys
import zipfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
import stock  # noqa: E402
from slot import PASSPHRASE, File, Slot  # noqa: E402

FORGED = b'{"format":"sealslot 1","forged":true}'
MESSAGE = "The second page is the one that matters.\nÀ bientôt.\n"


def forged_member(name):
    """What a member that ends here and another one that begins here would look like."""
    crc = zlib.crc32(FORGED)
    descriptor = struct.pack("<IIQQ", 0x08074B50, crc, len(FORGED), len(FORGED))
    local = struct.pack("<IHHHHHIIIHH", 0x04034B50, 45, 0x0800, 0, 0, 0x21, crc, len(FORGED), len(FORGED),
                        len(name), 0) + name
    return descriptor + local + FORGED + descriptor


def whole_archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name in ("message.txt", "files/001-hostile.bin", "manifest.json"):
            z.writestr(name, FORGED)
    return out.getvalue()


def hostile():
    """The same forgery at every distance from the borders of blocks and chunks, and a complete archive behind."""
    parts = [b"\0" * n + forged_member(name) for n in (0, 1, 8190, 8191) for name in (b"manifest.json", b"message.txt")]
    # An empty last block, so that a reader of deflate would stop here, too.
    return b"".join(parts) + b"\x01\x00\x00\xff\xff" + forged_member(b"manifest.json") + whole_archive()


FILES = [File("hostile.bin", hostile()), File("numbers.csv", b"1,2,3\n" * 20_000, "text/csv"), File("empty.txt", b"")]
MEMBERS = ["message.txt", "files/001-hostile.bin", "files/002-numbers.csv", "files/003-empty.txt", "manifest.json",
           ".padding"]


def digests_below(folder):
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = hashlib.sha256(f.read()).hexdigest()
    return found


def run_quiet(*argv, cwd=None, stdin=None, locale="C.UTF-8"):
    """Runs a tool that must not complain in any way; gives what it printed."""
    done = subprocess.run(argv, cwd=cwd, stdin=stdin, capture_output=True, check=False,
                          env={**os.environ, "LC_ALL": locale})
    said = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, f"{argv}: exit status {done.returncode}\n{said}"
    assert not done.stderr, f"{argv} complains:\n{said}"
    assert not re.search(r"(?i)warn|error|corrupt", re.sub("No errors detected", "", said)), f"{argv} complains:\n{said}"
    return said


def folder(scratch, name):
    path = os.path.join(scratch, name)
    os.mkdir(path)
    return path


def stream_with_bsdtar(identity, sealed, scratch, expected):
    """age -d | bsdtar -xf -: a reader that never sees the directory at the end."""
    for locale in ("C", "C.UTF-8"):
        to = folder(scratch, "bsdtar-" + locale)
        with subprocess.Popen(["age", "-d", "-i", identity, sealed], stdout=subprocess.PIPE) as age:
            run_quiet("bsdtar", "-xf", "-", cwd=to, stdin=age.stdout, locale=locale)
            # bsdtar may stop at the directory; what it has read decides.
            age.stdout.close()
            assert age.wait() in (0, 1, -13)
        assert digests_below(to) == expected, f"bsdtar ({locale}) extracts something else"
    with open(sealed + ".zip", "rb") as f:
        listed = run_quiet("bsdtar", "-tf", "-", stdin=f, locale="C").split()
    assert listed == MEMBERS, f"bsdtar lists {listed}"


def with_directory(archive, scratch, expected):
    to = folder(scratch, "unzip")
    run_quiet("unzip", "-tq", archive)
    run_quiet("unzip", "-q", archive, "-d", to)
    assert digests_below(to) == expected, "unzip extracts something else"
    assert run_quiet("unzip", "-Z1", archive).split() == MEMBERS
    to = folder(scratch, "7z")
    run_quiet("7z", "t", archive)
    run_quiet("7z", "x", "-o" + to, archive)
    assert digests_below(to) == expected, "7z extracts something else"
    to = folder(scratch, "python")
    with zipfile.ZipFile(archive) as z:
        assert z.testzip() is None
        assert z.namelist() == MEMBERS
        z.extractall(to)
    assert digests_below(to) == expected, "python extracts something else"


def check_manifest(slot, members, item):
    manifest = json.loads(members["manifest.json"])
    assert "forged" not in manifest
    assert manifest["id"] == item
    assert [(f["name"], f["original"], f["type"], f["size"]) for f in manifest["files"]] == \
        [(m, f.name, f.type, len(f.content)) for m, f in zip(MEMBERS[1:4], FILES)]
    with open(os.path.join(slot.desk.keys, "publish", "keys.txt"), encoding="utf-8") as f:
        published = f.read()
    assert all(r in published for r in manifest["recipients"])
    assert manifest["reply_to"].startswith("age1") and len(bytes.fromhex(manifest["mailbox"])) == 32


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        page = slot.upload(MESSAGE, FILES)
        assert page.status == 200, page.text
        (item, ciphertext), = stock.bundle_items(slot.export()).items()
        sealed = os.path.join(slot.folder, "submission.age")
        with open(sealed, "wb") as f:
            f.write(ciphertext)
        identity = stock.epoch_identity(slot.desk.keys, slot.epoch(), PASSPHRASE, slot.folder)
        stock.age(identity, sealed, sealed + ".zip")
        with open(sealed + ".zip", "rb") as f:
            members = stock.members(f.read())
        assert members["message.txt"] == MESSAGE.encode()
        assert [members[m] for m in MEMBERS[1:4]] == [f.content for f in FILES]
        check_manifest(slot, members, item)
        expected = {name: hashlib.sha256(data).hexdigest() for name, data in members.items()}
        stream_with_bsdtar(identity, sealed, slot.folder, expected)
        with_directory(sealed + ".zip", slot.folder, expected)
        print(f"{len(members)} members, the same in bsdtar, unzip, 7z and python")


main()
