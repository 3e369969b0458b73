"""A build whose server has some other programs in it: what it would do if it were written otherwise."""

import os
import shutil

PROGRAMS = ("server/sealslotd", "server/sealslotd-store", "server/front/sealslotd-front", "server/mailbox/sealslotd-mailbox")


def put_together(build, folder, instead):
    """A build folder below folder; instead: {a server's program: the one that takes its place}, both below build."""
    to = os.path.join(folder, "patched-" + "-".join(os.path.basename(p) for p in instead.values()))
    os.makedirs(to, mode=0o755)
    for name in PROGRAMS:
        os.makedirs(os.path.dirname(os.path.join(to, name)), mode=0o755, exist_ok=True)
        shutil.copy(os.path.join(build, instead.get(name, name)), os.path.join(to, name))
    for name in ("keys", "client", "tests"):
        os.symlink(os.path.join(build, name), os.path.join(to, name))
    return to
