"""All places are taken by somebody each: who has been silent long gives way. Only a test build lets that time be short."""

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
            uploads.append(Upload(front, 100 + i, i))
            front.store.wait(lambda: front.store.begun > before)
        silent, *busy = uploads
        assert refused(Upload(front, 200, 50)), "nobody has been silent for long yet"
        deadline = time.monotonic() + YIELD / 1000 + 0.5
        while time.monotonic() < deadline:  # a few bytes now and then are enough to stay
            for u in busy:
                u.s.sendall(u.rest[:10])
                u.rest = u.rest[10:]
            time.sleep(0.3)
        assert Upload(front, 200, 51).finish() == 303, "a newcomer gets the place of the silent one"
        assert refused(silent), "who had to give way is told so"
        assert [u.finish() for u in busy] == [303] * len(busy)
        assert page(front, 300) == 200
        print("who was silent gave way, who was slow didn't")


main()
