"""4: how the cost grows with what is stored: 10, 1,000 and 100,000 submissions; a vault with 10,000."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import tempfile

from measure import Series, timed
from scene_upload import SealslotForget

ITEM = 262800  # bytes of the smallest submission


def fill(server, count):
    """So many more submissions, as sparse files; the server makes their rows when it starts. Only their hashes are put in here."""
    owner = os.stat(server.items())
    for _ in range(count):
        fd = os.open(os.path.join(server.items(), os.urandom(16).hex() + ".age"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        os.ftruncate(fd, ITEM)
        os.fchown(fd, owner.st_uid, owner.st_gid)
        os.close(fd)


def add_hashes(server):
    zeros = hashlib.blake2b(bytes(ITEM), digest_size=32).digest()
    db = sqlite3.connect(os.path.join(server.store, "slot", "index.db"))
    db.execute("INSERT OR IGNORE INTO hashes(id, hash) SELECT id, ? FROM items", (zeros,))
    db.commit()
    db.close()


def export_start(server):
    """Seconds until the first byte of a bundle: by then its signed index is complete."""
    def first_byte():
        p = subprocess.Popen([os.path.join(server.build, "server", "sealslotd"), "export", "--conf", server.conf, "--all", "-"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            if len(p.stdout.read(512)) != 512:
                raise RuntimeError("export gave nothing")
        finally:
            p.kill()
            p.stdout.close()
            p.wait()
    return timed(first_byte)[0]


def check(server):
    """Milliseconds of a quick check. It is right to find faults here: the stand-ins aren't age files."""
    def call():
        done = subprocess.run([os.path.join(server.build, "server", "sealslotd"), "check", "--quick", "--conf", server.conf],
                              capture_output=True, check=False)
        if done.returncode not in (0, 1, 3):
            raise RuntimeError("check: exit status %d" % done.returncode)
    return timed(call)[0] * 1000


def stored(ctx):
    rows, have, small = [], 0, ctx.data_file(1 << 16)
    server = SealslotForget(ctx.disk, ctx.build)
    verb = lambda *v: timed(lambda: server.tool("server", "sealslotd", v[0], "--conf", server.conf, *v[1:]))[0] * 1000  # noqa: E731
    try:
        for count in (10, 1000, ctx.count(100000)):
            fill(server, count - have)
            have = count
            start = timed(server.start)[0]  # makes the rows
            server.proc.terminate()
            server.proc.wait(60)
            add_hashes(server)
            again = timed(server.start)[0]
            server.wait_idle()
            rounds = range(max(3, ctx.runs))
            row = {"stored": "{:,}".format(count), "start, rows to be made, ms": Series([start * 1000]), "start, ms": Series([again * 1000]),
                   "small upload, ms": Series([server.upload(small) * 1000 for _ in rounds]),
                   "status, ms": Series([verb("status") for _ in rounds])}
            have += len(rounds)
            row["export start, ms"] = Series([export_start(server) * 1000 for _ in range(3)])
            row["check --quick, ms"] = Series([check(server) for _ in range(3)])
            rows.append(row)
            server.proc.terminate()
            server.proc.wait(60)
    finally:
        server.stop()
    ctx.table("Growth of the store", rows, "On disk. The stored files are sparse; small upload is curl, form, sealing, durable commit and receipt together. "
              "Export start is the time to the bundle's first byte, with its index signed.")


def vault(ctx):
    count, rows = ctx.count(10000), []
    make = os.path.join(ctx.build, "tests", "unit", "client", "make_bundle")
    folder = tempfile.mkdtemp(dir=ctx.disk)
    keys, bundle, where, secret = (os.path.join(folder, n) for n in ("keys", "bundle.tar", "vault", "passphrase"))
    review = lambda *v: subprocess.run([os.path.join(ctx.build, "client", "sealslot-review"), v[0], where, *v[1:], "--passphrase-file", secret],  # noqa: E731
                                       check=True, capture_output=True)
    try:
        words = subprocess.run([make, "keys", keys], check=True, capture_output=True).stdout
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(words)
        review("init", "--keys", keys)
        subprocess.run([make, "bundle", bundle, "--items", str(count)], check=True, capture_output=True)
        empty = Series([timed(lambda: review("list"))[0] * 1000 for _ in range(3)])
        rows.append({"what": "list of the empty vault (scrypt), ms", "figure": empty})
        rows.append({"what": "import, s", "figure": Series([timed(lambda: review("import", bundle))[0]])})
        rows.append({"what": "import of the same again, s", "figure": Series([timed(lambda: review("import", bundle))[0]])})
        rows.append({"what": "list, ms", "figure": Series([timed(lambda: review("list"))[0] * 1000 for _ in range(3)])})
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    ctx.table("A vault with {:,} submissions".format(count), rows, "On disk. Each is opened at import, its manifest read and judged.")


def run(ctx):
    ctx.part(stored, 110, 60)
    ctx.part(vault, 60, 40)
