"""File names that try something: the manifest keeps the original, nothing else ever sees it."""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
import stock  # noqa: E402
from slot import PASSPHRASE, File, Slot  # noqa: E402

# keys/base/limits.h: LIMIT_ORIGINAL_NAME; NAME_MAX_LEN of client/name.h.
LONGEST_ORIGINAL, LONGEST_NAME = 1024, 200
# What the source calls it; what the manifest says (browsers send newlines and quotes percent-escaped).
NAMES = [
    ("plain.txt", "plain.txt"),
    ("two\nlines\r.txt", "two\nlines\r.txt"),
    ('say "hi".txt', 'say "hi".txt'),
    ("../../../../etc/cron.d/evil", "../../../../etc/cron.d/evil"),
    ("/etc/passwd", "/etc/passwd"),
    ("C:\\Windows\\system.ini", "C:\\Windows\\system.ini"),
    ("..", ".."),
    (".hidden", ".hidden"),
    ("invoice\u202efdp.exe", "invoice\u202efdp.exe"),
    ("invoice\U0001d173.pdf", "invoice\U0001d173.pdf"),
    ("a\U0001bca0b\U00013430c\u2060d\ufe0fe\U000e0041.pdf", "a\U0001bca0b\U00013430c\u2060d\ufe0fe\U000e0041.pdf"),
    ("été à la plage — n° 3.pdf", "été à la plage — n° 3.pdf"),
    ("تقرير سري.pdf", "تقرير سري.pdf"),
    ("報告書.pdf", "報告書.pdf"),
    ("😀.gif", "😀.gif"),
    (b"broken \xff\xfe utf-8.txt", "broken \ufffd\ufffd utf-8.txt"),
    ("100%25 sure;a=b.txt", "100%25 sure;a=b.txt"),
    ("message.txt", "message.txt"),
    ("manifest.json", "manifest.json"),
    ("-rf", "-rf"),
    ("evil.desktop", "evil.desktop"),
    # No browser sends these raw; they aren't text.
    (b"a\x00b.txt", "a\ufffdb.txt"),
    ("\x1b[2J\x1b]0;owned\x07.txt", "\ufffd[2J\ufffd]0;owned\ufffd.txt"),
    ("fits-" + "x" * 1015 + ".pdf", "fits-" + "x" * 1015 + ".pdf"),  # as long as it may be
    ("long-" + "x" * 4087 + ".pdf", "long-" + "x" * (LONGEST_ORIGINAL - 5)),  # 4 KiB; the manifest has as much as the limit allows
]
SAFE = re.compile(r"files/[0-9]{3}-[A-Za-z0-9_-]([A-Za-z0-9._-]{0,78}[A-Za-z0-9_-])?")
# What would change a direction, or stand there unseen; every one of them: tests/interop/treacherous.py.
UNSEEN = (r"\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
          r"\ufff0-\ufffb\ufffe\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff")
NEVER_IN_A_NAME = re.compile(rf'[{UNSEEN}\t\n/\\:*?"<>|]')
NEVER_SHOWN = re.compile(f"[{UNSEEN}]")


def check_manifest(members):
    manifest = json.loads(members["manifest.json"])
    assert len(manifest["files"]) == len(NAMES)
    for i, (entry, (_, original)) in enumerate(zip(manifest["files"], NAMES)):
        assert SAFE.fullmatch(entry["name"]), f"member name {entry['name']!r}"
        assert entry["name"].startswith(f"files/{i + 1:03}-")
        assert members[entry["name"]] == content(i), f"{entry['name']} holds something else"
        assert entry["original"] == original, f"original {entry['original']!r} of {original!r}"
    assert len(manifest["files"][-1]["original"].encode()) == len(manifest["files"][-2]["original"].encode()) == LONGEST_ORIGINAL
    assert manifest["files"][-2]["name"].endswith(".pdf"), "a long name's extension went"
    assert all(m.isascii() for m in members)


def content(i):
    return f"content number {i}\n".encode()


def check_extracted(slot, item):
    _, folder = slot.desk.extract(item)
    everything = {os.path.relpath(os.path.join(at, n), folder) for at, _, names in os.walk(folder) for n in names}
    numbered = sorted(n for n in everything if re.match(r"\d{3}-", n))
    assert len(numbered) == len(NAMES), f"extracted {sorted(everything)}"
    for i, name in enumerate(numbered):
        assert not NEVER_IN_A_NAME.search(name), f"extracted under {name!r}"
        assert len(name.encode()) <= LONGEST_NAME
        path = os.path.join(folder, name)
        assert os.stat(path).st_mode & 0o7777 == 0o600 and not os.path.islink(path)
        with open(path, "rb") as f:
            assert f.read() == content(i), f"{name!r} holds something else"
    fits, cut = numbered[-2:]
    assert len(fits) == LONGEST_NAME and fits.endswith("xxx.pdf"), f"extracted a long name as {fits!r}"
    assert len(cut) == LONGEST_NAME and cut.endswith("xxx"), f"extracted a cut name as {cut!r}"
    assert "_" in next(n for n in numbered if "invoice" in n and n.endswith(".pdf")), "what isn't seen leaves no mark"


def check_display(slot, item):
    """Nothing of a name may reach a terminal as a control or a change of direction."""
    for verb in (["list"], ["show", item], ["verify", item]):
        said = slot.desk.review(*verb).stdout
        assert not NEVER_SHOWN.search(said), f"{verb}: {said!r}"
    said = slot.desk.review("show", item).stdout
    assert "invoice\\u{1D173}.pdf" in said, said
    assert "plage" in said, "show doesn't name the files"


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        page = slot.upload("names", [File(name, content(i)) for i, (name, _) in enumerate(NAMES)])
        assert page.status == 200, page.text
        (item, ciphertext), = stock.bundle_items(slot.export()).items()
        sealed = os.path.join(slot.folder, "submission.age")
        with open(sealed, "wb") as f:
            f.write(ciphertext)
        stock.age(stock.epoch_identity(slot.desk.keys, slot.epoch(), PASSPHRASE, slot.folder), sealed, sealed + ".zip")
        with open(sealed + ".zip", "rb") as f:
            check_manifest(stock.members(f.read()))
        slot.carry()
        check_extracted(slot, item)
        check_display(slot, item)
        print(f"{len(NAMES)} names: originals in the manifest, harmless everywhere else")


main()
