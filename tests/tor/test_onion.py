"""Through a private Tor network, with curl and a browser set up as Tor Browser is: a source's whole life, and a large drop, to the vault."""
# time limit: 500

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import browse  # noqa: E402
from life import RATE, live, serve  # noqa: E402
from slot import Form, Page, Slot, free_port  # noqa: E402
from slowline import SlowLine  # noqa: E402
from tornet import TorNetwork  # noqa: E402

LARGE = 100_000_000  # where a stall of uploads in Tor Browser once began


def check_curl(net, slot):
    """Without any browser: the form, the receipt, and later the mailbox, through the onion address."""
    page = net.fetch("/").stdout.decode()
    assert "<form" in page, page
    form = [x for k, v in Form(Page(200, {}, page.encode())).hidden for x in ("--form-string", f"{k}={v}")]
    jar = os.path.join(slot.folder, "onion-cookies")
    receipt = net.fetch("/submit", "-L", "-b", jar, "-c", jar, *form, "--form-string", "message=by curl")
    assert b"It has arrived" in receipt.stdout, receipt
    words = re.findall(r"<li>(\w+)</li>", receipt.stdout.decode().partition('class="codename"')[2])
    assert len(words) == 8, receipt
    token = re.search(r'name="token" value="([^"]+)"', net.fetch("/sign-in").stdout.decode())[1]
    later = os.path.join(slot.folder, "later-cookies")
    box = net.fetch("/sign-in", "-L", "-b", later, "-c", later, "--form-string", f"token={token}",
                    "--form-string", f"codename={' '.join(words)}")
    assert b"There is no reply for you here" in box.stdout and b"Sign out" in box.stdout, box


def check_large(net, slot):
    known = {i["id"] for i in slot.carry()}
    paths = browse.three_files(slot.folder, LARGE)
    receipt = browse.drop("firefox", f"http://{net.onion}/", "hello", [paths[:2], paths[2:]], seconds=300, socks=net.socks)
    assert receipt.startswith("It has arrived") and "Your codename" in receipt, receipt
    browse.carried_as_dropped(slot, "hello", paths, but=known)
    print(f"{LARGE} bytes through the onion service")


def main():
    port = free_port()
    net = TorNetwork(f"127.0.0.1:{port}")
    conf = {"server": {"languages": "en fr"}, "store": {"max_upload": "1G"}}
    with Slot(sys.argv[1], conf, instance=net.onion, port=port) as slot:
        serve(slot)
        with net, SlowLine(port, RATE, behind=net.socks) as line:
            check_curl(net, slot)
            live(slot, line, "firefox", ("fr", "en"))
            check_large(net, slot)


main()
