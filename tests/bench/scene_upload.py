"""1: one upload of 1 GiB by multipart over loopback, to tmpfs and to disk, beside what users would pick instead."""

import os
import subprocess
import time

import servers
from measure import PeakPss, Series, alternate, cpu_seconds, ratios

GB = 1e9


def _once(server, path, size, then=None):
    """One upload: MB/s, CPU seconds of the server per GB, peak memory of all its processes in MiB."""
    def run():
        before = cpu_seconds(server.pid)
        with PeakPss(server.pid, every=0.1) as peak:
            seconds = server.upload(path)
            if then is not None:
                seconds += then(server)
        cpu = cpu_seconds(server.pid) - before
        server.forget()
        return {"MB/s": size / 1e6 / seconds, "CPU s/GB": cpu / (size / GB),
                "peak MiB": peak.peak / 2**20, "above idle MiB": (peak.peak - peak.start_bytes) / 2**20}
    return run


def _sync(server):
    """nginx doesn't sync: what a durable store of plain text would add."""
    begin = time.monotonic()
    for folder, _, names in os.walk(server.store):
        for name in names:
            fd = os.open(os.path.join(folder, name), os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)
    return time.monotonic() - begin


class SealslotForget(servers.Sealslot):
    """Deletes stored items behind the server's back, only to keep the medium from filling up between runs."""

    def forget(self):
        for name in os.listdir(self.items()):
            os.unlink(os.path.join(self.items(), name))


def aead(ctx):
    """CPU seconds per GB of libsodium's AEAD alone."""
    done = subprocess.run([os.path.join(ctx.build, "tests", "bench", "bench_aead")], capture_output=True, check=True, text=True)
    return {"CPU s/GB": float(done.stdout)}


def _beside(ctx, medium, folder, peers, then, runs):
    """Our server and peers in turn; the rows of the table, and all figures."""
    size = ctx.size(1 << 30)
    path, started, calls = ctx.data_file(size), [], {"libsodium's AEAD alone": lambda: aead(ctx)}
    try:
        for peer in [SealslotForget] + peers:
            if peer is not SealslotForget and not ctx.wants_peer(peer.name):
                continue
            p = peer(folder, ctx.build) if peer is SealslotForget else peer(folder)
            started.append(p)
            try:
                p.start()
            except (OSError, RuntimeError) as e:
                if peer is SealslotForget:
                    raise
                ctx.fail("%s doesn't start: %s" % (p.name, e))
                continue
            calls[p.name] = _once(p, path, size, None if peer is SealslotForget else then)
        started[0].wait_idle()
        results = alternate(calls, runs, deadline=ctx.deadline)
    finally:
        for p in started:
            p.stop()
    rows = []
    for name, figures in results.items():
        row = {"medium": medium, "what": name}
        row.update({k: Series(v) for k, v in figures.items()})
        if "MB/s" in figures and name != "sealslot":
            row["sealslot's speed to it"] = ratios(results, "sealslot", name, "MB/s")
        rows.append(row)
    return rows, results


NOTE = ("Peak memory is the sum of PSS of all processes of a server; sealslot's codenames were all ready. nginx and OnionShare store PLAIN TEXT.")


def to_tmpfs(ctx):
    rows, results = _beside(ctx, "tmpfs", ctx.tmpfs, [servers.Nginx, servers.OnionShare], None, ctx.runs)
    ctx.table("One upload of %s to tmpfs" % ctx.human(ctx.size(1 << 30)), rows, NOTE)
    for peer, target in (("nginx", "upload, tmpfs, to nginx plain text"), ("onionshare", "upload to OnionShare (plain text)")):
        if peer in results:
            ctx.target(target, ratios(results, "sealslot", peer, "MB/s"))
    ctx.target("server CPU per GB, to libsodium's AEAD alone", ratios(results, "sealslot", "libsodium's AEAD alone", "CPU s/GB"))


def to_disk(ctx):
    rows, results = _beside(ctx, "disk", ctx.disk, [servers.Nginx, servers.OnionShare], _sync, ctx.runs)
    ctx.table("One upload of %s to disk, durable" % ctx.human(ctx.size(1 << 30)), rows,
              "nginx and OnionShare are synced after the upload; sealslot syncs by itself. " + NOTE)
    if "nginx" in results:
        ctx.target("upload, disk and durable, to nginx + sync", ratios(results, "sealslot", "nginx", "MB/s"))


def classic_design(ctx):
    """The slow model runs apart, so that it doesn't take the others' time."""
    if not ctx.wants_peer("classic-model"):
        return
    rows, results = _beside(ctx, "tmpfs", ctx.tmpfs, [servers.Classic], None, min(3, ctx.runs))
    ctx.table("The classic design", rows, "classic-model is a model (Flask, gzip, gpg, one after the other), not a product. It runs fewer rounds: "
              "one takes half a minute.")
    ctx.target("upload to the model of the classic design", ratios(results, "sealslot", "classic-model", "MB/s"))


def memory(ctx):
    """What 4 GiB take above an idle server with all its codenames ready."""
    size = ctx.size(4 << 30)
    server = SealslotForget(ctx.tmpfs, ctx.build).start()
    try:
        server.wait_idle()
        with PeakPss(server.pid, every=0.02) as every:
            server.upload(ctx.sparse_file(size))
        peak, idle = every.peak / 2**20, every.start_bytes / 2**20
        ctx.table("Memory of one upload of %s" % ctx.human(size), [
            {"what": "all processes", "idle MiB": Series([idle]), "peak MiB": Series([peak]), "above idle MiB": Series([peak - idle])}],
            "All codenames were ready. They are derived in batches, once half of them is used: Argon2id takes 64 MiB then, whatever the uploads' sizes.")
        ctx.target("memory, one upload, all processes, MiB", peak)
    finally:
        server.stop()


def run(ctx):
    ctx.part(to_tmpfs, 120, 40)
    ctx.part(to_disk, 140, 50)
    ctx.part(classic_design, 80, 80)
    ctx.part(memory, 20, 15)
