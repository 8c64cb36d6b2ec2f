"""``python -m mlxc_edu`` is ``mlxc-edu``."""

import sys

from .cli import main

sys.exit(main())
