"""A message and three files, one of 300 MB, through chromium without JavaScript; all of it is what comes out offline."""
# time limit: 400

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from browse import journey  # noqa: E402

journey(sys.argv[1], "chromium", 300_000_000)
