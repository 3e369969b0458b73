"""2: many at once: four uploads together, 1,000 slow ones, small durable submissions per second."""

import asyncio
import os
import re
import subprocess
import threading
import time

import servers
from measure import PeakPss, Series, timed

POOL_SECONDS = 400  # in which a thousand codenames are derived, or the scene goes on without


def body_for(server, content):
    """The bytes of one small multipart POST for a fresh form."""
    fields = server.form()
    boundary = "----bench" + os.urandom(12).hex()
    parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields]
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="message"\r\n\r\nhello\r\n')
    parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n'
                 "Content-Type: application/octet-stream\r\n\r\n")
    body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
    head = (f"POST {server.action} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\nConnection: close\r\n\r\n").encode()
    return head, body


async def post(server, head, body, rate=None, piece=4096):
    """Sends one POST, at `rate` bytes per second; gives the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head)
    if rate is None:
        writer.write(body)
        await writer.drain()
    else:
        begin, at = time.monotonic(), 0
        while at < len(body):
            writer.write(body[at:at + piece])
            at += piece
            await writer.drain()
            wait = begin + at / rate - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
    line = await reader.readline()
    await reader.read()
    writer.close()
    return int(line.split()[1]) if line else 0


async def page(server):
    """The seconds that somebody else's page takes."""
    begin = time.monotonic()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()
    return time.monotonic() - begin


async def waits_while(server, work):
    """Asks for a page every 50 ms while work runs; gives work's result and all the waits."""
    task, waits = asyncio.ensure_future(work), []
    while not task.done():
        waits.append(await page(server))
        await asyncio.sleep(0.05)
    return await task, waits


def four_at_once(ctx):
    size, rows = ctx.size(256 << 20), []
    path = ctx.data_file(size)
    server = servers.Sealslot(ctx.tmpfs, ctx.build).start()
    try:
        speeds = []
        for _ in ctx.rounds():
            threads = [threading.Thread(target=server.upload, args=(path,)) for _ in range(4)]
            begin = time.monotonic()
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            speeds.append(4 * size / 1e6 / (time.monotonic() - begin))
            for name in os.listdir(server.items()):
                os.unlink(os.path.join(server.items(), name))
        rows.append({"what": "four uploads of %s at once, in all" % ctx.human(size), "MB/s": Series(speeds)})
    finally:
        server.stop()
    ctx.table("Four at once", rows)


def slow_thousand(ctx):
    count, rate, size = ctx.count(1000), 20000, ctx.size(400 * 1000)
    server = servers.Sealslot(ctx.tmpfs, ctx.build, max_in_flight=count + 24).start()
    try:
        content = os.urandom(size)
        requests = [body_for(server, content) for _ in range(count)]

        async def all_of_them():
            jobs = []
            for i, (head, body) in enumerate(requests):
                jobs.append(asyncio.ensure_future(post(server, head, body, rate)))
                if i % 20 == 19:
                    await asyncio.sleep(0.02)
            return await asyncio.gather(*jobs)

        ready, _ = timed(lambda: server.wait_idle(POOL_SECONDS))
        with PeakPss(server.pid, every=0.5) as peak:
            statuses, waits = asyncio.run(waits_while(server, all_of_them()))
        stored = len(os.listdir(server.items()))
    finally:
        server.stop()
    complete = sum(s in (200, 303) for s in statuses)
    if complete == stored == count:
        ctx.target("memory, 1,000 slow uploads, all complete, MiB", peak.peak / 2**20)
        ctx.target("longest wait of a page during 1,000 slow uploads, ms", max(waits) * 1000)
    ctx.table("%d uploads at 20 kB/s" % count, [{
        "complete": "%d of %d" % (complete, count), "files stored": str(stored),
        "idle MiB": Series([peak.start_bytes / 2**20]), "peak MiB": Series([peak.peak / 2**20]),
        "KiB per upload": Series([(peak.peak - peak.start_bytes) / 1024 / count]),
        "longest wait of a page, ms": Series([max(waits) * 1000]),
        "median wait, ms": Series([sorted(waits)[len(waits) // 2] * 1000])}],
        "Each sends %s. They begin when the server has derived a codename for every upload that may be in flight, as a server that "
        "runs for a while has: %.0f s after its start." % (ctx.human(size), ready))


def longest_wait_durable(ctx):
    """Somebody else's page while 1 GiB goes to disk and is synced."""
    size = ctx.size(1 << 30)
    path, rows = ctx.data_file(size), []
    server = servers.Sealslot(ctx.disk, ctx.build).start()
    try:
        async def one():
            return await asyncio.get_running_loop().run_in_executor(None, server.upload, path)
        worst, middle = [], []
        for _ in ctx.rounds():
            _, waits = asyncio.run(waits_while(server, one()))
            worst.append(max(waits) * 1000)
            middle.append(sorted(waits)[len(waits) // 2] * 1000)
            for name in os.listdir(server.items()):
                os.unlink(os.path.join(server.items(), name))
        rows.append({"what": "during a durable upload of %s" % ctx.human(size),
                     "longest wait of a page, ms": Series(worst), "median wait, ms": Series(middle)})
    finally:
        server.stop()
    ctx.target("longest wait of a page during a durable upload, ms", Series(worst))
    ctx.table("Waiting behind a durable upload", rows)


def small_ones(ctx):
    rows = []
    for medium, folder in (("tmpfs", ctx.tmpfs), ("disk", ctx.disk)):
        rates, taken = [], []
        server = servers.Sealslot(folder, ctx.build, max_in_flight=64).start()
        try:
            for _ in range(min(3, ctx.runs)):
                server.wait_idle()
                requests = [body_for(server, b"x" * 1000) for _ in range(48)]

                async def stream():
                    queue, good = list(requests), 0

                    async def worker():
                        nonlocal good
                        while queue:
                            status = await post(server, *queue.pop())
                            good += status in (200, 303)
                    await asyncio.gather(*[worker() for _ in range(32)])
                    return good
                begin = time.monotonic()
                good = asyncio.run(stream())
                rates.append(good / (time.monotonic() - begin))
                taken.append(good)
        finally:
            server.stop()
        rows.append({"medium": medium, "submissions/s": Series(rates), "taken of 48": Series(taken)})
    ctx.table("Small durable submissions", rows,
              note="32 clients at once, each submission a message and 1,000 bytes, stored as 256 KiB of ciphertext and synced before its receipt. "
                   "Each takes a codename from the pool, which holds 64 to 128: a longer rush is as fast as Argon2id. "
                   "The python client takes a good part of the two cores.")


def commits(ctx):
    """What the store takes alone: a stand-in for front, without HTTP, sealing and codenames."""
    rows = []
    for medium, folder in (("tmpfs", ctx.tmpfs), ("disk", ctx.disk)):
        done = subprocess.run(["sh", os.path.join(servers.HERE, "commit_rate.sh"), ctx.build, folder], capture_output=True, text=True, check=True)
        for width, rate in re.findall(r"(\d+) at a time: ([\d.]+) per second, 0 failed", done.stdout):
            rows.append({"medium": medium, "at a time": width, "submissions/s": Series([float(rate)])})
            if medium == "tmpfs" and width == "64":
                ctx.target("durable small submissions per second, tmpfs", float(rate))
    ctx.table("Small durable commits, codename, HTTP and sealing apart", rows,
              "1,000 submissions of 262,800 bytes each, the smallest that there are, with fdatasync, folder and index synced before the answer.")


def run(ctx):
    ctx.part(four_at_once, 30, 15)
    ctx.part(longest_wait_durable, 50, 15)
    ctx.part(slow_thousand, 230, 230)
    ctx.part(small_ones, 40, 40)
    ctx.part(commits, 20, 20)
