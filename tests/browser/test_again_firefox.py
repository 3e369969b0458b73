"""Reload, back, a second press and a lost answer in firefox: nothing is stored twice, and the codename stays."""
# time limit: 240

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
from again import again  # noqa: E402

again(sys.argv[1], "firefox")
