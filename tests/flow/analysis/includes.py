"""Includes point down only, and a third-party header lives where CONTRIBUTING.md says: every #include of the product is read."""
# time limit: 30

import os
import re
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
KEYS = ["base", "seal", "carry", "sign", "open", "tool"]  # a room may include itself and those before it
SERVER = ["wire", "conf", "forget", "sandbox", "front", "mailbox", "store", "parent"]
# What of keys/ a room of the server may know: no secret's room but mailbox's, and none that signs but store's.
PUBLIC = {"base", "seal", "carry"}
OF_KEYS = {**{room: PUBLIC for room in SERVER}, "mailbox": PUBLIC | {"open"}, "store": PUBLIC | {"sign"}}
# Its own side of two others, and what a codename's length is.
FRONT_SIDE = {"store/store.h", "mailbox/mailbox.h", "mailbox/codename.h"}
# Libraries, as meson.build names them: their header, and the files that may include it.
LIBRARIES = {
    "libsodium": ("sodium.h", r"keys/\w+/\w+\.c|server/mailbox/\w+\.c"),
    "libdeflate": ("libdeflate.h", r"keys/seal/crc\.c"),
    "zlib": ("zlib.h", r"keys/seal/crc\.c|server/front/qr\.c"),
    "jansson": ("jansson.h", r"client/\w+\.c|server/cmd_(status|check)\.c"),
    "inih": ("ini.h", r"server/conf/conf\.c"),
    "sqlite3": ("sqlite3.h", r"server/store/db_sql\.h"),
    "libmicrohttpd": ("microhttpd.h", r"server/front/http_request\.h"),
    "libqrencode": ("qrencode.h", r"server/front/qr\.c"),
    "libseccomp": ("seccomp.h", r"server/sandbox/\w+\.c"),
    "": ("termios.h", r"keys/open/passphrase\.c"),
}
# The two generators of sources run while building, and belong to no program.
GENERATORS = "server/pages"


def may_include(path, room, header):
    """Whether the file of the product at path may include this header of the room."""
    top, _, rest = path.partition("/")
    own = rest.partition("/")[0] if "/" in rest else ""
    if room in KEYS:
        if top == "keys":
            return not own or KEYS.index(room) <= KEYS.index(own)
        return room in (PUBLIC | {"open"} if top == "client" else OF_KEYS.get(own, PUBLIC))
    if top != "server" or room not in SERVER:
        return False
    if own == "front" and header in FRONT_SIDE:
        return True
    # The three processes know nothing of each other.
    if own in ("front", "mailbox", "store") and room in ("front", "mailbox", "store"):
        return room == own
    return not own or SERVER.index(room) <= SERVER.index(own)


def faults(path, text):
    """What is wrong with a file's includes."""
    found = []
    for quoted in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        room, slash, _ = quoted.partition("/")
        if slash and not may_include(path, room, quoted):
            found.append(f"{path} includes {quoted}")
        if "../" in quoted:
            found.append(f"{path} includes {quoted}, past the rooms")
    for header, where in LIBRARIES.values():
        if re.search(r"^\s*#\s*include\s+<%s>" % re.escape(header), text, re.M) and not re.fullmatch(where, path):
            found.append(f"{path} includes <{header}>")
    return found


def sources():
    for top in ("keys", "server", "client"):
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), ROOT)
                if name.endswith((".c", ".h")) and not path.startswith(GENERATORS):
                    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
                        yield path, f.read()


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return f.read()


def notices_what_is_wrong():
    wrong = [
        ("keys/base/buf.c", '"seal/zip_write.h"'),
        ("keys/seal/crc.c", '"open/secret.h"'),
        ("server/front/site.c", '"open/secret.h"'),
        ("server/front/intake.c", '"store/db.h"'),
        ("server/mailbox/desk.c", '"store/store.h"'),
        ("server/wire/op.c", '"conf/conf.h"'),
        ("server/store/db.c", '"mailbox/codename.h"'),
        ("client/main.c", '"wire/op.h"'),
        ("server/main.c", '"review/cmd.h"'),
        ("keys/carry/tar.c", '"../open/secret.h"'),
        ("server/front/site.h", "<microhttpd.h>"),
        ("server/store/db.c", "<sqlite3.h>"),
        ("server/parent/setup.c", "<sodium.h>"),
        ("server/main.c", '"open/secret.h"'),
        ("client/keep.c", '"sign/sign.h"'),
        ("server/front/qr.c", '"sign/sign.h"'),
        ("server/mailbox/views.c", '"tool/tool.h"'),
    ]
    for path, header in wrong:
        assert faults(path, f"#include <string.h>\n\n#include {header}\n"), f"{path} may include {header}?"


def main():
    found, n = [], 0
    for path, text in sources():
        n += 1
        found += faults(path, text)
    assert not found, "\n".join(found)
    assert n > 250, n
    notices_what_is_wrong()
    told = read("CONTRIBUTING.md")
    for header, _ in LIBRARIES.values():
        assert f"`<{header}>`" in told, f"CONTRIBUTING.md doesn't say where <{header}> lives"
    for room in [f"keys/{r}" for r in KEYS] + [f"server/{r}" for r in SERVER]:
        assert re.search(rf"^{room} ", told, re.M), f"CONTRIBUTING.md doesn't name {room}"
    builds = read("meson.build") + read("server/sandbox/meson.build") + read("server/meson.build")
    for library in re.findall(r"dependency\('([^']+)'", builds):
        assert library in LIBRARIES or library == "threads", f"no word here about {library}"
    print(f"{n} files, all includes point down")


main() if len(sys.argv) > 1 else sys.exit("usage: includes.py BUILD")
