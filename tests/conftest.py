"""What holds for every test."""

import os
import tempfile

from hypothesis import HealthCheck, settings

# On a busy machine a slow example is no mistake. In CI hypothesis's own profile repeats the same examples.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Processes that tests start import the agraph that is installed, as the tests do, not that of the folder in
# which they were started: without the links of a git checkout it has no packages inside.
os.environ["PYTHONSAFEPATH"] = "1"

# What the user of this machine allowed to projects is nothing to a test.
os.environ["AGRAPH_CONFIG_DIR"] = tempfile.mkdtemp(prefix="agraph-tests-")
