"""6: signing in: Argon2id's time, throughput and memory, and what an upload notices of a full queue."""

import asyncio
import os
import re
import subprocess
import threading
import time

from measure import PeakPss, Series, cpu_seconds
from scene_many import post
from scene_upload import SealslotForget


def codename(server, ctx):
    """The eight words of a fresh receipt."""
    jar, small = os.path.join(server.store, "cookies"), ctx.data_file(1 << 16)
    done = subprocess.run(["curl", "-sS", "-L", "-c", jar, "-b", jar, "-H", "Expect:"] + server.upload_command(small),
                          capture_output=True, text=True, check=True)
    found = re.search(r'<ol class="codename">(.*?)</ol>', done.stdout, re.S)
    if found is None:
        raise RuntimeError("the receipt shows no codename")
    return " ".join(re.findall(r"<li>([^<]+)</li>", found[1]))


def sign_in(server, words):
    token = subprocess.run(["curl", "-sS", f"http://127.0.0.1:{server.port}/sign-in"], capture_output=True, text=True, check=True).stdout
    token = re.search(r'name="token" value="([^"]+)"', token)[1]
    boundary = "----bench" + os.urandom(12).hex()
    body = "".join(f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'
                   for k, v in (("token", token), ("codename", words))) + f"--{boundary}--\r\n"
    head = (f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\nConnection: close\r\n\r\n")
    return head.encode(), body.encode()


async def timed_post(server, request):
    begin = time.monotonic()
    status = await post(server, *request)
    return status, time.monotonic() - begin


def signing_in(ctx):
    server = SealslotForget(ctx.tmpfs, ctx.build).start()
    try:
        words = codename(server, ctx)
        server.wait_idle()
        alone, cpu = [], []
        for _ in range(max(3, ctx.runs)):
            before = cpu_seconds(server.pid)
            status, seconds = asyncio.run(timed_post(server, sign_in(server, words)))
            if status not in (200, 303):
                raise RuntimeError("signing in gave %d" % status)
            alone.append(seconds * 1000)
            cpu.append(cpu_seconds(server.pid) - before)

        async def crowd(requests):
            return await asyncio.gather(*[timed_post(server, r) for r in requests])
        requests = [sign_in(server, words) for _ in range(24)]
        begin = time.monotonic()
        with PeakPss(server.pid, every=0.02) as peak:
            answers = asyncio.run(crowd(requests))
        seconds = time.monotonic() - begin
        good = [t for s, t in answers if s in (200, 303)]
    finally:
        server.stop()
    ctx.table("Signing in (Argon2id)", [
        {"what": "one, alone: ms", "figure": Series(alone)}, {"what": "CPU seconds of the server for it", "figure": Series(cpu)},
        {"what": "24 at once: taken", "figure": str(len(good))}, {"what": "sign-ins per second then", "figure": Series([len(good) / seconds])},
        {"what": "the last one's wait, s", "figure": Series([max(good)])},
        {"what": "memory above idle then, all processes, MiB", "figure": Series([(peak.peak - peak.start_bytes) / 2**20])}])


def upload_beside(ctx):
    """One upload while the queue for signing in is never empty, and without."""
    size = ctx.size(256 << 20)
    path, server, rows = ctx.data_file(size), SealslotForget(ctx.tmpfs, ctx.build).start(), {"quiet": [], "queue full": []}
    try:
        words = codename(server, ctx)
        server.wait_idle()
        for _ in ctx.rounds():
            rows["quiet"].append(size / 1e6 / server.upload(path))
            server.forget()
            over = threading.Event()

            def keep_asking():
                while not over.is_set():
                    asyncio.run(timed_post(server, sign_in(server, words)))
            askers = [threading.Thread(target=keep_asking) for _ in range(8)]
            for t in askers:
                t.start()
            time.sleep(0.5)
            try:
                rows["queue full"].append(size / 1e6 / server.upload(path))
            finally:
                over.set()
                for t in askers:
                    t.join()
            server.forget()
            server.wait_idle(10)
    finally:
        server.stop()
    ctx.table("An upload of %s beside a queue of sign-ins" % ctx.human(size), [
        {"what": "quiet", "MB/s": Series(rows["quiet"])},
        {"what": "eight clients sign in without a pause", "MB/s": Series(rows["queue full"]),
         "to quiet": Series([b / a for a, b in zip(rows["quiet"], rows["queue full"])])}],
        "The clients take their part of the two cores, too.")


def run(ctx):
    ctx.part(signing_in, 25, 20)
    ctx.part(upload_beside, 35, 20)
