"""1: one upload of 1 GiB by multipart over loopback, to tmpfs and to disk, beside what users would pick instead."""

import os

import servers
from measure import PeakPss, Series, alternate, cpu_seconds, ratios

GB = 1e9


def _once(server, path, size, then=None):
    """One upload: MB/s, CPU seconds of the server per GB, peak memory of all its processes in MiB."""
    def run():
        before = cpu_seconds(server.pid)
        with PeakPss(server.pid) as peak:
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
    import time
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


def run(ctx):
    size = ctx.size(1 << 30)
    path = ctx.data_file(size)
    rows = []
    for medium, folder, then in (("tmpfs", ctx.tmpfs, None), ("disk", ctx.disk, _sync)):
        started = []
        try:
            ours = SealslotForget(folder, ctx.build).start()
            started.append(ours)
            calls = {ours.name: _once(ours, path, size)}
            for peer in (servers.Nginx, servers.OnionShare, servers.Classic):
                if not ctx.wants_peer(peer.name):
                    continue
                p = peer(folder)
                started.append(p)
                p.start()
                calls[p.name] = _once(p, path, size, then)
            # The slow model runs apart, so that it doesn't triple the bench's time.
            slow = {k: calls.pop(k) for k in ("classic-model",) if k in calls}
            results = alternate(calls, ctx.runs)
            if slow and medium == "tmpfs":
                results.update(alternate(slow, max(3, ctx.runs // 3), warmup=0))
        finally:
            for p in started:
                p.stop()
        for name, figures in results.items():
            row = {"medium": medium, "server": name}
            row.update({k: Series(v) for k, v in figures.items()})
            if name != "sealslot":
                pairs = ratios(results, "sealslot", name, "MB/s") if name not in slow else None
                row["sealslot to it"] = pairs or Series([Series(results["sealslot"]["MB/s"]).median / Series(figures["MB/s"]).median])
            rows.append(row)
    ctx.table("One upload of %s" % ctx.human(size), rows,
              note="Peak memory is the sum of PSS of all processes of a server. "
                   "nginx and OnionShare store PLAIN TEXT. On disk, nginx and OnionShare are synced after the upload; sealslot syncs by itself. "
                   "classic-model is a model (Flask, gzip, gpg), not a product.")
