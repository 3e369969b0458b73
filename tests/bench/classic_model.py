"""A model of the classic design, for comparison only: Flask spools the upload, gzip packs it, gpg encrypts it."""

import gzip
import os
import shutil
import subprocess
import sys
import uuid

from flask import Flask, request

port, store = int(sys.argv[1]), sys.argv[2]
app = Flask(__name__)


@app.post("/submit")
def submit():
    name = os.path.join(store, "got", uuid.uuid4().hex)
    with gzip.open(name + ".gz", "wb") as packed:
        shutil.copyfileobj(request.files["fh"].stream, packed, 1 << 16)
    subprocess.run(["gpg", "--homedir", os.path.join(store, "gpg"), "--batch", "--quiet", "--trust-model", "always",
                    "-z", "0", "-r", "bench@example.org", "-o", name + ".gz.gpg", "-e", name + ".gz"], check=True)
    os.unlink(name + ".gz")
    return "ok"


app.run("127.0.0.1", port, threaded=True)
