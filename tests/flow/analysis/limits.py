"""Every limit on what a stranger controls stands in keys/base/limits.h: a number elsewhere is explained here."""

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
# What reads what a stranger sent; not the verbs and the key tool, which obey the admin, nor keys/carry, which reads what a desk or a server signed.
ROOMS = ("server/front", "server/mailbox", "server/store", "server/wire", "server/parent", "keys/seal", "keys/open")
NUMBER = re.compile(r"^#define\s+(\w*(?:MAX|LIMIT|SLACK|BACKLOG)\w*)\s+(.*?\b\d.*?)\s*(?:/\*.*)?$|"
                    r"^\s*(\w*(?:MAX|LIMIT|SLACK|BACKLOG)\w*)\s*=\s*(\(?\d.*),", re.M)
EXPLAINED = {
    **dict.fromkeys([("keys/open/zip_read.c", "MAX32"), ("keys/seal/zip_record.c", "MAX16"), ("keys/seal/zip_record.c", "MAX32"),
                     ("keys/seal/zip_record.h", "ZIP_EXTRA64_MAX"), ("keys/open/zip_read.c", "ARCHIVE_MAX")], "the format's own numbers"),
    **dict.fromkeys([("keys/open/keystore.c", "NAME_MAX_LEN"), ("server/parent/restore.c", "STATE_MAX"), ("server/store/state.h", "STATE_MAX"),
                     ("server/parent/backup_write.c", "SMALL_MAX"), ("server/parent/export_plan.c", "HEAD_MAX"),
                     ("server/store/mend.c", "KEPT_MAX"), ("server/parent/check.h", "CHECK_SAME_MAX")], "files that we wrote ourselves, and reports"),
    **dict.fromkeys([("server/front/lang.h", "LANG_MAX"), ("server/front/qr.c", "ROW_MAX"), ("server/front/qr.h", "QR_TEXT_MAX"),
                     ("server/front/site.c", "SITE_QR_MAX"), ("server/parent/listen.h", "LISTEN_TEXT_MAX")], "the admin's configuration"),
    **dict.fromkeys([("server/front/main.c", "WORKERS_MAX"), ("server/front/sealer_work.h", "SEALER_WORKERS_MAX"),
                     ("server/mailbox/deriver.c", "WORKERS_MAX"), ("server/parent/children.c", "BACKOFF_MAX_MS")], "threads and pauses, by the machine"),
    **dict.fromkeys([("server/front/door.c", "READS_MAX"), ("server/front/http.c", "RUNS_MAX"), ("server/store/committer.c", "BATCH_MAX")],
                    "the work of one turn: the rest has the next"),
    **dict.fromkeys([("server/front/answer.h", "ANSWER_BODY_MAX"), ("server/front/day_text.c", "RENDERED_MAX"), ("server/front/day_text.h", "DAY_TEXT_MAX"),
                     ("server/front/manifest.c", "TAIL_MAX")], "room for what we write"),
    **dict.fromkeys([("server/front/member_name.c", "EXTENSION_MAX"), ("server/front/member_name.h", "MEMBER_NAME_MAX")],
                    "the shape of the names that we give; keys/FORMATS.md has them"),
    **dict.fromkeys([("server/mailbox/views.c", "ITEMS_MAX"), ("server/store/mailbox_side.c", "ITEMS_MAX")], "worked out of two limits, plus 1"),
    **dict.fromkeys([("server/wire/wire.c", "FDS_MAX"), ("server/wire/wire.h", "WIRE_BODY_MAX")], "between our own processes"),
    ("server/store/admin_side.c", "BACKLOG"): "root's own socket",
    ("server/store/quota.c", "MAX_RECORDS"): "part of the sum that the comment above it works out",
}


def numbers(name, text):
    return {(name, m[1] or m[3]) for m in NUMBER.finditer(text)}


def sources():
    for room in ROOMS:
        for folder, _, files in os.walk(os.path.join(ROOT, room)):
            for f in files:
                if f.endswith((".c", ".h")):
                    path = os.path.join(folder, f)
                    with open(path, encoding="utf-8") as source:
                        yield os.path.relpath(path, ROOT), source.read()


def main():
    found = set().union(*(numbers(name, text) for name, text in sources()))
    assert not found - set(EXPLAINED), f"to keys/base/limits.h, or say why not: {sorted(found - set(EXPLAINED))}"
    assert not set(EXPLAINED) - found, f"explained, but not there: {sorted(set(EXPLAINED) - found)}"
    for text in ("#define GUESTS_MAX (4 * 1024)\n", "#define BACKLOG 7 /* why */\n", "enum {\n\tFORM_LIMIT = 12,\n};\n"):
        assert numbers("a.c", text), f"isn't noticed: {text}"
    assert not numbers("a.c", "#define GUESTS_MAX (LIMIT_GUESTS + LIMIT_CALLS)\n"), "the sum of two limits is one"
    print(f"{len(found)} numbers outside limits.h, each explained")


main() if len(sys.argv) > 1 else sys.exit("usage: limits.py BUILD")
