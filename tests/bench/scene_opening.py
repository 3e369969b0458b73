"""3: opening: a 2 GiB submission against age and gpg, a 10 GiB one listed, 100 items verified."""

import json
import os
import shutil
import subprocess
import tempfile
import time

import servers
from measure import Series, alternate, ratios, timed


class Desk:
    """Reviewers: the key store of a bench server, and a vault."""

    def __init__(self, server):
        self.server = server
        self.vault = os.path.join(server.store, "vault")
        self.passphrase = ["--passphrase-file", server.passphrase]
        self.review("init", "--keys", server.keys)

    def review(self, verb, *args, cpus=None):
        command = [os.path.join(self.server.build, "client", "sealslot-review"), verb, self.vault, *args, *self.passphrase]
        if cpus:
            command = ["taskset", "-c", cpus, *command]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"sealslot-review {verb}: {done.stderr}")
        return done.stdout

    def carry(self):
        out = os.path.join(self.server.store, "bundle.tar")
        self.server.tool("server", "sealslotd", "export", "--conf", self.server.conf, out)
        self.review("import", out)
        os.unlink(out)
        return json.loads(self.review("list", "--json"))["items"]


def run_command(command, **kw):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)


def epoch_identity(server, folder):
    """The epoch's secret key in the clear, by stock age: what age -d needs."""
    import pty
    with open(server.passphrase, encoding="ascii") as f:
        passphrase = f.readline()
    unlock, epoch = os.path.join(folder, "unlock"), os.path.join(folder, "epoch")
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp("age", ["age", "-d", "-o", unlock, os.path.join(server.keys, "unlock.age")])
    time.sleep(0.3)
    os.write(fd, passphrase.encode())
    try:
        while os.read(fd, 1024):
            pass
    except OSError:
        pass
    os.waitpid(pid, 0)
    run_command(["age", "-d", "-i", unlock, "-o", epoch, os.path.join(server.keys, "epochs", "tips-1.age")])
    return epoch


def open_large(ctx):
    size = ctx.size(2 << 30)
    path = ctx.data_file(size)
    server = servers.Sealslot(ctx.tmpfs, ctx.build).start()
    scratch = tempfile.mkdtemp(dir=ctx.tmpfs)
    try:
        server.upload(path)
        desk = Desk(server)
        item = desk.carry()[0]["id"]
        sealed = os.path.join(server.items(), os.listdir(server.items())[0])
        identity = epoch_identity(server, scratch)
        home = os.path.join(scratch, "gpg")
        os.mkdir(home, 0o700)
        gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--trust-model", "always"]
        run_command(gpg + ["--passphrase", "", "--quick-generate-key", "bench@example.org", "rsa3072", "encr"])
        packed = os.path.join(scratch, "packed.gpg")
        run_command(gpg + ["-z", "0", "-r", "bench@example.org", "-o", packed, "-e", path])
        unlock = Series([timed(lambda: desk.review("list"))[0] for _ in range(5)]).median

        def ours(cpus):
            def call():
                to = tempfile.mkdtemp(dir=ctx.tmpfs)
                seconds, _ = timed(lambda: desk.review("extract", item, "--to", to, cpus=cpus))
                shutil.rmtree(to)
                seconds = max(seconds - unlock, 0.001)  # with --quick there may be nothing left
                return {"seconds": seconds, "MB/s": size / 1e6 / seconds}
            return call

        def peer(command):
            def call():
                out = os.path.join(scratch, "out")
                seconds, _ = timed(lambda: run_command([out if x == "OUT" else x for x in command]))
                os.unlink(out)
                return {"seconds": seconds, "MB/s": size / 1e6 / seconds}
            return call

        def peer_gpg():
            out = os.path.join(scratch, "out")
            seconds, _ = timed(lambda: run_command(gpg + ["-o", out, "-d", packed]))
            os.unlink(out)
            return {"seconds": seconds, "MB/s": size / 1e6 / seconds}

        results = alternate({"sealslot-review, 1 core": ours("0"), "sealslot-review, all cores": ours(None),
                             "age -d": peer(["age", "-d", "-i", identity, "-o", "OUT", sealed]), "gpg -d": peer_gpg}, ctx.runs, deadline=ctx.deadline)
        for cores, name in ((1, "sealslot-review, 1 core"), (2, "sealslot-review, all cores")):
            ctx.target("open to `age -d`, %d core%s" % (cores, "s" * (cores > 1)), ratios(results, name, "age -d", "MB/s"))
        rows = []
        for name, figures in results.items():
            row = {"what": name, "MB/s": Series(figures["MB/s"])}
            if name.startswith("sealslot"):
                row["to age -d"] = ratios(results, name, "age -d", "MB/s")
                row["to gpg -d"] = ratios(results, name, "gpg -d", "MB/s")
            rows.append(row)
        run_command(["gpgconf", "--homedir", home, "--kill", "all"])
    finally:
        server.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    ctx.table("Opening %s" % ctx.human(size), rows,
              note="sealslot-review extract: every chunk is authenticated and every CRC checked before anything is linked. Unlocking the key store "
                   "(scrypt, %.2f s, once per command whatever its size) is taken off; age and gpg had their keys in the clear." % unlock)


def import_piped(make, review, size, folder):
    """One submission with one file, from make_bundle into the vault: only the sealed copy before it goes to a file."""
    env = dict(os.environ, TMPDIR=folder)
    maker = subprocess.Popen([make, "bundle", "/dev/stdout", "--files", "1", "--size", str(size)], stdout=subprocess.PIPE, env=env)
    try:
        review("import", "-", stdin=maker.stdout)
    finally:
        maker.stdout.close()
        if maker.wait() != 0:
            raise RuntimeError("make_bundle: exit status %d" % maker.returncode)


def show_large(ctx):
    """show of one submission with a file of 10 GiB: only the chunks that it needs are read."""
    size = ctx.size(10 << 30)
    make = os.path.join(ctx.build, "tests", "unit", "client", "make_bundle")
    folder = tempfile.mkdtemp(dir=ctx.disk)
    keys, vault, secret = (os.path.join(folder, n) for n in ("keys", "vault", "passphrase"))

    def review(verb, *args, stdin=subprocess.DEVNULL):
        done = subprocess.run([os.path.join(ctx.build, "client", "sealslot-review"), verb, vault, *args, "--passphrase-file", secret],
                              stdin=stdin, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"sealslot-review {verb}: {done.stderr}")
        return done.stdout
    try:
        ctx.need_disk(2 * size + (size >> 2))
        words = subprocess.run([make, "keys", keys], check=True, capture_output=True).stdout
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
            f.write(words)
        review("init", "--keys", keys)
        import_piped(make, review, size, folder)
        item = json.loads(review("list", "--json"))["items"][0]["id"]
        results = alternate({"list": lambda: {"ms": timed(lambda: review("list"))[0] * 1000},
                             "show": lambda: {"ms": timed(lambda: review("show", item))[0] * 1000}}, max(3, ctx.runs))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    show = Series(results["show"]["ms"])
    ctx.target("show a 10 GiB submission, ms", show)
    ctx.table("Showing a submission of %s" % ctx.human(size), [
        {"what": "list, from the sealed index", "ms": Series(results["list"]["ms"])},
        {"what": "show, opening it", "ms": show}],
        "The whole command, on disk, with a test's key store, whose passphrase costs nothing; a real one adds its scrypt (0.6 s), once per command.")


def verify_many(ctx):
    count = ctx.count(100)
    server = servers.Sealslot(ctx.tmpfs, ctx.build).start()
    try:
        path = ctx.data_file(ctx.size(10 << 20))
        for _ in range(count):
            server.upload(path)
        desk = Desk(server)
        total = sum(i.get("size", 0) for i in desk.carry())
        unlock = Series([timed(lambda: desk.review("list"))[0] for _ in range(5)]).median
        net = lambda cpus: max(timed(lambda: desk.review("verify", cpus=cpus))[0] - unlock, 0.001)  # noqa: E731
        one = [net("0") for _ in range(min(3, ctx.runs))]
        every = [net(None) for _ in range(min(3, ctx.runs))]
    finally:
        server.stop()
    ctx.table("Verifying %d items" % count, [
        {"what": "1 core", "seconds": Series(one)},
        {"what": "all cores", "seconds": Series(every), "to 1 core": Series([a / b for a, b in zip(one, every)])}],
        note="%s of ciphertext in all." % ctx.human(total))


def run(ctx):
    ctx.part(open_large, 130, 50)
    ctx.part(show_large, 90, 80)
    ctx.part(verify_many, 50, 30)
