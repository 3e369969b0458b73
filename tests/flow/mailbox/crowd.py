"""More people sign in at the same moment than there are places: some are told so, all get an answer, and then it works again."""

# builds: release

import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../lib"))
from slot import Slot, body_of, part  # noqa: E402

WAITING = 32  # LIMIT_SIGN_IN_WAITING
CROWD = WAITING + 28


def main():
    with Slot(sys.argv[1]) as slot:
        slot.serve()
        receipt = slot.upload("a letter")
        codename = " ".join(re.findall(r"<li>(\w+)</li>", re.search(r'<ol class="codename">(.*?)</ol>', receipt.text)[1]))
        tokens = [re.search(r'name="token" value="([^"]+)"', slot.get("/sign-in").text)[1] for _ in range(CROWD + 1)]
        answers = []

        def sign_in(token):
            body, kind = body_of([part("token", token.encode()), part("codename", codename.encode())])
            answers.append(slot.request("POST", "/sign-in", body, {"Content-Type": kind}))

        crowd = [threading.Thread(target=sign_in, args=(t,)) for t in tokens[:CROWD]]
        for t in crowd:
            t.start()
        for t in crowd:
            t.join()
        assert len(answers) == CROWD
        told = [a for a in answers if a.status == 503]
        assert {a.status for a in answers} == {303, 503}, [a.status for a in answers]
        assert all("Too many people are signing in" in a.h1 and "Set-Cookie" not in a.headers for a in told), told[0].text
        sign_in(tokens[CROWD])
        assert answers[-1].status == 303, answers[-1].h1
        print(f"{len(told)} of {CROWD} at once were told to try again")


main()
