"""A server's disk dies: its backup makes another server, the reviewers get everything, and are told what went back."""
# time limit: 180
# builds: release sanitize

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot  # noqa: E402

KILLS = 8


def members(path):
    return subprocess.run(["tar", "-tf", path], check=True, capture_output=True, text=True).stdout.split()


def contents(folder):
    """What must be the same in a restored store: names, days, bytes."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            if name in ("lock", "serving", "spare", "admin.sock") or name.startswith("index.db") or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = (f.read(), os.stat(path).st_mode)
            if name.endswith(".age"):
                assert os.stat(path).st_mtime % 86400 == 0, path
    return found


def refuse(slot, archive, words):
    """The restore is refused with these words, and what it leaves isn't a store."""
    told = slot.sealslotd("restore", archive, status=1).stderr
    assert words in told, (words, told)
    assert not os.path.exists(os.path.join(slot.store, "state")), told


def flipped(slot, archive, where, out):
    path = os.path.join(slot.folder, out)
    shutil.copy(archive, path)
    with open(path, "r+b") as f:
        f.seek(where)
        byte = f.read(1)
        f.seek(where)
        f.write(bytes([byte[0] ^ 1]))
    return path


def life(slot):
    """Uploads, bundles, a backup in between; then the disk dies."""
    for i in range(5):
        assert slot.upload(f"before {i}", [File(f"{i}.bin", os.urandom(70_000 * i))]).status == 200
    assert len(slot.carry()) == 5
    archive = os.path.join(slot.folder, "backup.tar")
    told = slot.sealslotd("backup", archive).stderr
    assert "5 submissions" in told and "hs_ed25519_secret_key" in told, told
    assert os.stat(archive).st_mode & 0o777 == 0o600
    names = members(archive)
    assert names[0] == "backup.txt" and sorted(names[-5:]) == slot.stored() == names[-5:], names
    for name in ("state", "transfer.key", "index.db", "sealslotd.conf", "root.pub", "keys/keys-0001.txt.minisig"):
        assert name in names, names
    again = slot.sealslotd("backup", archive, status=1).stderr
    assert "exists already" in again, again
    piped = subprocess.run([os.path.join(slot.build, "server/sealslotd"), "backup", "--conf", slot.conf, "-"], check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    assert len(piped) == os.path.getsize(archive)
    left = halves(slot, archive)
    kept = contents(slot.store)
    slot.upload("after the backup")
    assert len(slot.carry()) == 6
    slot.stop()
    return archive, kept, left


def halves(slot, archive):
    """kill -9 at every other write of a backup: what it leaves; the one before stays as it was."""
    with open(archive, "rb") as f:
        before = f.read()
    argv = [os.path.join(slot.build, "server/sealslotd"), "backup", "--conf", slot.conf]
    left, nth = [], 1
    while True:
        out = os.path.join(slot.folder, f"half-{nth}.tar")
        status = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "trace=write", "-e", f"inject=write:signal=KILL:when={nth}", *argv, out],
                                capture_output=True, check=False, env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}).returncode
        if status == 0:
            break
        assert status == -signal.SIGKILL, status
        if os.path.exists(out):
            left.append(out)
        nth += 2
    assert len(left) >= 5, f"{nth} writes were tried, {left} are left"
    with open(archive, "rb") as f:
        assert f.read() == before
    return left


def refusals(slot, archive, halves_):
    told = slot.sealslotd("restore", archive, status=1).stderr
    assert "is a store already" in told, told
    shutil.rmtree(slot.store)  # the disk is dead
    for half in halves_:
        refuse(slot, half, "ends too early")
    size = os.path.getsize(archive)
    cut = os.path.join(slot.folder, "cut.tar")
    for length in (0, 511, 512, 5000, size // 2, size - 1025, size - 1):
        shutil.copy(archive, cut)
        os.truncate(cut, length)
        refuse(slot, cut, "ends too early")
    refuse(slot, flipped(slot, archive, size // 2, "flip.tar"), "is damaged")
    refuse(slot, flipped(slot, archive, 520, "list.tar"), "refused: line")
    bundle = slot.folder + "/bundle-1.tar"
    refuse(slot, bundle, "it begins with index.txt")
    other = slot.instance
    slot._conf["server"]["instance"] = "b" * 55 + "d.onion"
    slot.write_conf()
    refuse(slot, archive, "is of another instance")
    slot._conf["server"]["instance"] = other
    slot.write_conf()
    root = os.path.join(slot.folder, "root.pub")
    shutil.move(root, root + ".kept")
    stranger = os.path.join(slot.folder, "stranger")
    slot.run("keys/sealslot-keys", "init", stranger, "--instance", other, *slot.passphrase)
    shutil.copy(os.path.join(stranger, "root.pub"), root)
    refuse(slot, archive, "another root key")
    shutil.move(root + ".kept", root)


def interrupted(slot, archive):
    """kill -9 anywhere: no store, or all of it; the next one simply begins anew."""
    program = os.path.join(slot.build, "server/sealslotd")
    begun = time.monotonic()
    slot.sealslotd("restore", archive)
    whole = time.monotonic() - begun
    shutil.rmtree(slot.store)
    os.mkdir(slot.store, 0o700)  # as a kill leaves it before the folder has its user
    slot.sealslotd("restore", archive)
    for _ in range(KILLS):
        shutil.rmtree(slot.store)
        p = subprocess.Popen([program, "restore", "--conf", slot.conf, archive], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(random.uniform(0, whole))
        p.send_signal(signal.SIGKILL)
        p.wait()
        if os.path.exists(os.path.join(slot.store, "state")):
            deadline = time.monotonic() + 20  # a store process that it started may still be at work
            while "all is well" not in slot.sealslotd("check", status=None).stdout:
                assert time.monotonic() < deadline, slot.sealslotd("check", status=None)
                time.sleep(0.2)
        else:
            slot.sealslotd("restore", archive)


def the_new_machine(slot, kept):
    assert contents(slot.store) == kept, "the restored store is another one"
    told = json.loads(slot.sealslotd("check", "--json").stdout)
    assert told["items"] == told["read"] == 5 or told["read"] == 0, told
    slot.start()
    assert slot.upload("on the new machine").status == 200
    # The reviewers' vault has bundle 2 of the dead server; this is the new server's bundle 2.
    done = slot.desk.review("import", slot.export(), status=None)
    assert len(slot.desk.items()) == 7, done
    alarms = done.stdout + done.stderr + slot.desk.review("alarms", status=None).stdout
    assert "restored" in alarms and "backup" in alarms, alarms
    # And a desk that is new sees nothing odd.
    fresh = type(slot.desk)(slot, "fresh")
    fresh.keys = slot.desk.keys
    assert len(slot.carry(fresh)) == 6


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        archive, kept, left = life(slot)
        refusals(slot, archive, left)
        interrupted(slot, archive)
        the_new_machine(slot, kept)


main()
