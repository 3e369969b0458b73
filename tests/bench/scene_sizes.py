"""By hand: one upload of 1 MiB to 64 GiB. How time and memory grow with the size. Needs 70 GB on --disk."""

import os
import shutil

from measure import PeakPss, Series, cpu_seconds
from scene_upload import SealslotForget


def sizes(ctx):
    rows, left_out = [], []
    server = SealslotForget(ctx.disk, ctx.build).start()
    try:
        for size in (1 << 20, 16 << 20, 256 << 20, 1 << 30, 4 << 30, 16 << 30, 63 << 30):
            size = ctx.size(size)
            if shutil.disk_usage(ctx.disk).free < size + size // 8 + (2 << 30):  # padded, and the reserve
                left_out.append(ctx.human(size))
                continue
            path = ctx.sparse_file(size)
            server.wait_idle()
            before = cpu_seconds(server.pid)
            with PeakPss(server.pid, every=0.02) as peak:
                seconds = server.upload(path)
            rows.append({"size": ctx.human(size), "seconds": Series([seconds]), "MB/s": Series([size / 1e6 / seconds]),
                         "CPU s/GB": Series([(cpu_seconds(server.pid) - before) / (size / 1e9)]),
                         "peak above idle MiB": Series([(peak.peak - peak.start_bytes) / 2**20])})
            server.forget()
            os.unlink(path)
    finally:
        server.stop()
    note = "63 GiB is the largest file that fits a body of 64 GiB, the most that can be configured."
    if left_out:
        note += " Left out, because the disk hadn't the room: %s." % ", ".join(left_out)
    ctx.table("One upload of growing size, to disk, durable", rows, note)


def run(ctx):
    ctx.part(sizes, 3600, 0)
