"""Store and mailbox come back many times while front lives: it hears each of them."""

# builds: release sanitize

import os
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from frontrig import Front, body_of, say  # noqa: E402

TIMES = 60
ROLE_MAILBOX = 3


def stores(front):
    """Most are replaced while they still seem to live, so descriptor numbers are used again."""
    for i in range(TIMES):
        old = front.store.sock
        is_seen_to_die = i % 5 == 4
        if is_seen_to_die:
            old.shutdown(socket.SHUT_RDWR)
            old.close()
            front.until(lambda: front.get("/").status == 503)
        front.new_store()
        front.store.greet()
        front.until(lambda: front.get("/").status == 200)
        if not is_seen_to_die:
            old.close()
    page = front.post(body_of(front.get("/").token(), b"still here"))
    assert page.status == 303, page.h1


def is_heard(sock):
    """Nonsense ends the connection, if anybody listens."""
    sock.settimeout(5)
    sock.send(b"?")
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def mailboxes(front):
    old = None
    for i in range(TIMES):
        mine, fronts = front.pair()
        say(front.parent, "PEER", struct.pack("=I", ROLE_MAILBOX), fd=fronts.fileno())
        fronts.close()
        if i % 5 == 4:
            assert is_heard(mine), f"mailbox {i} isn't listened to"
        if old is not None:
            old.close()
        old = mine
    old.close()
    front.new_mailbox()


def main():
    with Front(sys.argv[1]) as front:
        stores(front)
        mailboxes(front)
        page = front.post(body_of(front.get("/").token(), b"at the end"))
        assert page.status == 303, page.h1
        print(f"{TIMES} stores, {TIMES} mailboxes")


main()
