"""Sources that go away in the middle: nothing of it stays, and the next one gets through."""
# time limit: 180
# builds: release sanitize

import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import File, Slot, body_of  # noqa: E402

MIB = 1024 * 1024
IN_FLIGHT = 4


def begin(slot, size, sent):
    """Sends the head of an upload and a part of its body; the open socket."""
    form = slot.form()
    body, content_type = body_of(form.parts("m", [File("a.bin", b"x" * size)]))
    s = socket.create_connection(("127.0.0.1", slot.port), 30)
    s.sendall(f"POST {form.action} HTTP/1.1\r\nHost: {slot.host}\r\nContent-Type: {content_type}\r\n"
              f"Content-Length: {len(body)}\r\n\r\n".encode() + body[:sent])
    return s


def blocks(slot):
    """Blocks of the items that have a name: what stays. The index may be packed meanwhile."""
    items = os.path.join(slot.store, "items")
    return sum(os.lstat(os.path.join(items, n)).st_blocks for n in os.listdir(items))


def open_items(slot):
    """Descriptors of unnamed or named items that any process of the server holds."""
    found = []
    for pid in slot.pids():
        folder = f"/proc/{pid}/fd"
        for fd in os.listdir(folder):
            try:
                target = os.readlink(os.path.join(folder, fd))
            except OSError:
                continue
            if target.startswith(os.path.join(slot.store, "items") + "/"):
                found.append(target)
    return found


def wait_until(check, what, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if check():
            return
        time.sleep(0.1)
    raise AssertionError(f"after {seconds} s still: {what}")


def gone(slot, how):
    """As many as may upload at once go away; all their places must be free again."""
    before, kept = slot.stored(), blocks(slot)
    sockets = [begin(slot, 4 * MIB, 2 * MIB) for _ in range(IN_FLIGHT)]
    for s in sockets:
        if how == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        elif how == "half-closed":
            s.shutdown(socket.SHUT_WR)
            continue
        s.close()
    wait_until(lambda: not open_items(slot), f"{how}: descriptors of aborted uploads are open")
    for s in sockets:
        s.close()
    assert slot.stored() == before and blocks(slot) == kept, f"{how}: something stayed"
    page = slot.upload("after " + how)
    assert page.status == 200, f"{how}: the next source gets {page.status} {page.h1}"


def vanished(slot):
    """The end of the connection comes together with the last bytes: that must be noticed at once, too."""
    for size in (1, 20_000, MIB, MIB, MIB, 3 * MIB):
        begin(slot, 4 * MIB, size).close()
        wait_until(lambda: not open_items(slot), f"the place of a source that vanished after {size} bytes", 3)


def main():
    with Slot(sys.argv[1], {"store": {"max_in_flight": str(IN_FLIGHT)}}) as slot:
        slot.serve()
        for how in ("closed", "reset", "half-closed"):
            gone(slot, how)
        vanished(slot)
        assert len(slot.carry()) == 3
        # A stop with an upload under way: it ends in time and keeps nothing of it.
        s = begin(slot, 4 * MIB, MIB)
        wait_until(lambda: open_items(slot), "no upload is under way")
        s.close()
        slot.stop()
        assert len(slot.stored()) == 3
        slot.start()
        assert slot.upload("after a restart").status == 200
        assert len(slot.carry()) == 4
        print("closed, reset, half-closed, restarted: nothing stays, everything goes on")


main()
