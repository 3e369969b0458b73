"""Each system call of the review tool that looks at the disk or changes it fails once: it says why and what to do, and nothing is lost.

Behind the failure the vault opens, with all that it had; the same command gets through, and does what it should, once.
With `all` behind the build every call of every verb; without, one of eleven. More words: only these verbs.
"""

# time limit: 400

import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from letters import Source  # noqa: E402
from slot import File, Slot  # noqa: E402
from strikes import Strikes  # noqa: E402

STRIDE = 11
SECRET = ("--passphrase-file", "passphrase")


class Vault(Strikes):
    def items(self):
        listed = json.loads(self.good("list", "V", "--json", *SECRET))["items"]
        return sorted((i["id"], i["state"], i["reviewed"], i["kept"]) for i in listed)

    def waiting(self):
        """(replies, receipts) that the next outbox would send."""
        said = self.good("outbox", "V", *SECRET)
        return tuple(map(int, re.search(r"(\d+) repl\w+ and (\d+) receipts? wait", said).groups())) if "wait" in said and "Nothing" not in said else (0, 0)


def check_told(done, where):
    assert done.returncode in (1, 2), f"{where}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    said = done.stderr.strip()
    assert said.startswith("sealslot-review: "), f"{where}: {done.stderr}"
    assert said.count(". ") >= 1 or said.count("\n") >= 1, f"{where}: no next step: {said}"


def names_in(vault, folder):
    path = vault.path(folder)
    return sorted(os.listdir(path)) if os.path.isdir(path) else []


def all_verified(vault, _):
    assert "2 verified" in vault.good("verify", "V", *SECRET)


def is_extracted(vault, failed, _=""):
    assert failed or len(names_in(vault, "D")) >= 2, names_in(vault, "D")
    assert not failed or not names_in(vault, "D"), f"a failed extract leaves {names_in(vault, 'D')}"


def waits_once(vault, failed, _=""):
    assert vault.waiting()[0] == (0 if failed else 1), vault.waiting()


def is_sent(vault, failed, _=""):
    assert os.path.exists(vault.path("out.tar")) != failed
    if failed:
        assert vault.waiting()[0] == 1, "what wasn't sent doesn't wait any more"


def is_one(vault, failed, said=""):
    if "the backup is complete, but" in said:
        os.unlink(vault.path("B"))  # so that the next one can be made
    assert os.path.exists(vault.path("B")) != failed, "a failed backup is there" if failed else "no backup"


def is_back(vault, failed, _=""):
    assert failed or "2 verified" in vault.good("verify", "R", *SECRET)


def nothing(*_):
    pass


def verb(vault, command, before, stride, check):
    for where, was, done in vault.each_struck(command, before, stride, vault.items):
        if done.returncode != 0:
            check_told(done, where)
            now = vault.items()
            assert command[0] == "import" or now == was, f"{where}: {was} became {now}"
            try:
                if command[0] != "import":
                    check(vault, True, done.stderr)
                again = vault.run(*command)
                assert again.returncode == 0, f"then: {again.stdout}{again.stderr}"
            except AssertionError as e:
                raise AssertionError(f"{where}: {done.stderr}{e}") from e
        check(vault, False)


def scenes(vault, slot):
    """Folders to begin from: a new vault and a bundle; a vault that has it; one with a reply that waits; and a backup of it."""
    def snapshot(name, *names):
        where = os.path.join(slot.folder, "before", name)
        os.makedirs(where)
        for n in names:
            source = vault.path(n)
            (shutil.copytree if os.path.isdir(source) else shutil.copy2)(source, os.path.join(where, n))
        return where
    source = Source()
    item = source.plant(slot, "a letter", [File("a.bin", os.urandom(300_000))], days_ago=1)
    source.plant(slot, "another", [], days_ago=1)
    shutil.move(slot.export(), vault.path("bundle.tar"))
    vault.good("init", "V", "--keys", slot.desk.keys, *SECRET)
    new = snapshot("new", "V", "bundle.tar")
    vault.good("import", "V", "bundle.tar", *SECRET)
    with open(vault.path("text"), "w", encoding="ascii") as f:
        f.write("Thank you.\n")
    full = snapshot("full", "V", "text")
    vault.good("reply", "V", item, "--message-file", "text", *SECRET)
    vault.good("backup", "V", "backup", *SECRET)
    waits = snapshot("waits", "V", "backup")
    return item, new, full, waits


def main():
    stride = 1 if "all" in sys.argv[2:] else STRIDE
    only = [a for a in sys.argv[2:] if a != "all"]
    with Slot(sys.argv[1]) as slot:
        slot.make_keys("--from", time.strftime("%Y-%m-%d", time.gmtime(time.time() - 9 * 86400)))
        slot.write_conf()
        slot.sealslotd("init")
        slot.publish()
        subprocess.run([os.path.join(slot.build, "tests/interop/cheap_unlock"), slot.desk.keys, slot.passphrase[1]], check=True)
        vault = Vault(os.path.join(slot.build, "client/sealslot-review"), slot.folder)
        item, new, full, waits = scenes(vault, slot)
        vault.constant |= set(os.listdir(slot.folder)) - {"V", "bundle.tar", "text", "backup"}
        for command, before, check in (
                (("import", "V", "bundle.tar"), new, all_verified), (("list", "V"), full, nothing), (("show", "V", item), full, nothing),
                (("verify", "V"), full, nothing), (("extract", "V", item, "--to", "D"), full, is_extracted),
                (("done", "V", item), full, nothing), (("keep", "V", item), full, nothing),
                (("reply", "V", item, "--message-file", "text"), full, waits_once), (("outbox", "V", "out.tar"), waits, is_sent),
                (("backup", "V", "B"), full, is_one), (("restore", "R", "backup", "--keys", slot.desk.keys), waits, is_back)):
            if not only or command[0] in only:
                verb(vault, (*command, *SECRET), before, stride, check)


main()
