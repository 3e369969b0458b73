"""A source with a browser: fills in the form, sends it, reads the receipt, all without JavaScript."""

import json
import os
import random
import subprocess
import tempfile
import zipfile

import stock
from slot import PASSPHRASE, Slot, sha256

BROWSER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../browser")
FRENCH = "été à la plage — pièce n° 3.pdf"
ARABIC = "تقرير سري.docx"
CHUNK = 16 * 1024 * 1024


def write_random(path, size, seed):
    """Bytes that repeat nowhere."""
    draw = random.Random(seed)
    with open(path, "wb") as f:
        while size > 0:
            n = min(size, CHUNK)
            f.write(draw.randbytes(n))
            size -= n


def three_files(folder, large):
    """A large file, one with a French and one with an Arabic name; their paths."""
    paths = [os.path.join(folder, name) for name in ("dump.bin", FRENCH, ARABIC)]
    for path, size, seed in zip(paths, (large, 70_000, 4_321), (1, 2, 3)):
        write_random(path, size, seed)
    return paths


def drop(browser, url, message, inputs, seconds=120, shots=None, socks=None):
    """Uploads through a real browser; gives the text of the receipt. RuntimeError if it never came."""
    job = {"browser": browser, "url": url, "message": message, "inputs": inputs, "seconds": seconds, "shots": shots}
    if socks:
        job["socks"] = {"host": socks[0], "port": socks[1]}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(job, f)
        f.flush()
        done = subprocess.run(["node", os.path.join(BROWSER, "drop.mjs"), f.name], capture_output=True, text=True,
                              timeout=seconds + 120, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{browser}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def carried_as_dropped(slot, message, paths, but=()):
    """Exports, imports, opens: the one item but those must be what was dropped, under the original names."""
    (item,) = [i["id"] for i in slot.carry() if i["id"] not in but]
    found, folder = slot.desk.extract(item)
    with open(os.path.join(folder, "message.txt"), encoding="utf-8") as f:
        assert f.read() == message, "the message changed"
    files = [found[name] for name in sorted(found) if name[:3].isdigit()]
    assert files == [sha256(path) for path in paths], f"extracted {found}"
    manifest = read_manifest(slot, item)
    assert manifest["id"] == item
    originals = [f["original"] for f in manifest["files"]]
    assert originals == [os.path.basename(p) for p in paths], f"the manifest says {originals}"
    assert all(f["name"].isascii() for f in manifest["files"])


def read_manifest(slot, item):
    """With stock tools."""
    sealed = os.path.join(slot.folder, "submission.age")
    with open(sealed, "wb") as f:
        f.write(stock.bundle_items(slot.export("--all"))[item])
    stock.age(stock.epoch_identity(slot.desk.keys, slot.epoch(), PASSPHRASE, slot.folder), sealed, sealed + ".zip")
    with zipfile.ZipFile(sealed + ".zip") as z:
        return json.loads(z.read("manifest.json"))


def journey(build, browser, large):
    """From the form to the opened files."""
    with Slot(build, {"store": {"max_upload": "1G"}}) as slot:
        slot.serve()
        paths = three_files(slot.folder, large)
        shots = os.environ.get("SEALSLOT_SHOTS") or os.path.join(slot.folder, "shots")
        os.makedirs(shots, exist_ok=True)
        message = "Voilà ce que j'ai trouvé. أرجو النشر."
        receipt = drop(browser, slot.url + "/", message, [paths[:2], paths[2:]], shots=shots)
        assert receipt.startswith("It has arrived"), receipt
        assert len(os.listdir(shots)) >= 6, os.listdir(shots)
        carried_as_dropped(slot, message, paths)
        print(f"{browser}: {large} bytes and two names came through; {receipt[:60]}")
