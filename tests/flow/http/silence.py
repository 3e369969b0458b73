"""All places are taken by somebody each: who has been silent long, or nearly, gives way. Only a test build lets that time be short."""

# builds: sanitize

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "../../lib"), HERE]
from circuits import Tor, Upload, page  # noqa: E402
from frontrig import Keys  # noqa: E402

YIELD = 3000  # ms
IN_FLIGHT = 4


def refused(upload):
    return upload.finish() == 503


def main():
    build = os.path.abspath(sys.argv[1])
    conf = {"server": {"proxy_protocol": "yes"}, "store": {"max_in_flight": str(IN_FLIGHT)}}
    with Tor(build, conf, Keys(build), timing=(30000, 60000, 60000, YIELD)) as front:
        uploads = []
        for i in range(IN_FLIGHT):
            before = front.store.begun
            uploads.append(Upload(front, 100 + i, i, 1_000_000))
            front.store.wait(lambda: front.store.begun > before)
        silent, dripping, *busy = uploads
        assert refused(Upload(front, 200, 50)), "nobody has been silent for long yet"
        deadline = time.monotonic() + YIELD / 1000 + 0.5
        while time.monotonic() < deadline:  # some 30 kB a second are enough to stay, a byte now and then isn't
            for u, n in [(dripping, 1)] + [(u, 9000) for u in busy]:
                u.s.sendall(u.rest[:n])
                u.rest = u.rest[n:]
            time.sleep(0.3)
        newcomers = []
        for i in range(2):
            before = front.store.begun
            newcomers.append(Upload(front, 200 + i, 51 + i))
            front.store.wait(lambda: front.store.begun > before)
        assert [u.finish() for u in newcomers] == [303, 303], "a newcomer gets the place of the silent one"
        assert refused(silent) and refused(dripping), "who had to give way is told so"
        assert [u.finish() for u in busy] == [303] * len(busy)
        assert page(front, 300) == 200
        print("who was silent or dripped gave way, who was slow didn't")


main()
