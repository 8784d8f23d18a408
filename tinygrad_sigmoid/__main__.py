"""`python -m tinygrad_sigmoid` is the same program as `tinygrad-sigmoid`."""

import sys

from tinygrad_sigmoid.cli import main

sys.exit(main())
