"""Speed and accuracy, measured by one command: ``make bench``."""

import sys
from pathlib import Path

# The client is a distribution of its own, which the platform's environment does not hold.
sys.path.insert(0, str(Path(__file__).parents[1] / "sdks" / "python" / "src"))
