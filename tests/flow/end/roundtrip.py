"""Every size at a border, one and three files, one and two recipients: what goes in by curl comes out of the vault.

Other sizes by hand, such as 4 GiB + 1, for which there must be room of 60 GB below TMPDIR:

    TMPDIR=/var/tmp python3 tests/flow/end/roundtrip.py BUILD 4294967297
"""
# time limit: 600

import glob
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from browse import write_random  # noqa: E402
from slot import Desk, Slot, sha256  # noqa: E402

MIB = 1024 * 1024
SIZES = [0, 1, 65535, 65536, 65537, 16 * MIB, 16 * MIB + 1]


def make_files(folder, size, count):
    """Files of one size whose bytes repeat neither within nor among them; {name: SHA-256}."""
    os.makedirs(folder, exist_ok=True)
    made = {}
    for i in range(count):
        path = os.path.join(folder, f"{size}-{i}.bin")
        write_random(path, size, size * 10 + i)
        made[path] = sha256(path)
    return made


def check(desk, item, message, expected):
    found, folder = desk.extract(item)
    try:
        with open(os.path.join(folder, "message.txt"), encoding="utf-8") as f:
            assert f.read() == message, "the message changed"
        files = {name: digest for name, digest in found.items() if name.endswith(".bin")}
        wanted = {f"{i + 1:03}-{os.path.basename(path)}": digest for i, (path, digest) in enumerate(expected.items())}
        assert files == wanted, f"extracted {files}, sent {wanted}"
    finally:
        shutil.rmtree(folder)


def upload_all(slot, sizes):
    """{id: (message, {path: SHA-256})} of one submission for each size and number of files."""
    sent, known = {}, set()
    for count in (1, 3):
        for size in sizes:
            message = f"{count} files of {size} bytes"
            files = make_files(os.path.join(slot.folder, "in"), size, count)
            page = slot.curl_upload(message, list(files))
            assert "<h1>It has arrived" in page, page
            (new,) = set(slot.stored()) - known
            known.add(new)
            sent[new.removesuffix(".age")] = message, files
            for path in files:
                os.unlink(path)
    return sent


def round_trip(slot, desks, sizes):
    start = time.monotonic()
    sent = upload_all(slot, sizes)
    for desk in desks:
        assert {i["id"] for i in slot.carry(desk)} == set(sent), "the vault has others than were sent"
        for bundle in glob.glob(os.path.join(slot.folder, "bundle-*.tar")):
            os.unlink(bundle)
        desk.review("verify")
        for item, (message, files) in sent.items():
            check(desk, item, message, files)
        shutil.rmtree(desk.vault)
    print(f"{len(sent)} submissions for {len(desks)} recipients came out as they went in: {time.monotonic() - start:.0f} s", flush=True)


def main():
    sizes = [int(n) for n in sys.argv[2:]] or SIZES
    conf = {"store": {"max_upload": f"{max(64, 3 * max(sizes) // MIB + 8)}M"}}
    with Slot(sys.argv[1], conf) as slot:
        slot.serve()
        round_trip(slot, [slot.desk], sizes)
    with Slot(sys.argv[1], conf) as slot:
        second = Desk(slot, "second")
        slot.prepare(second)
        slot.start()
        round_trip(slot, [slot.desk, second], sizes)


main()
