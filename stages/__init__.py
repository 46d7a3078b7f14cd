"""What DVC runs: one file per stage, which reads inputs, calls the library and writes outputs."""

import os
import signal

from pipeline.processes import die_with_parent

# Done before a stage's imports, which take seconds: DVC may end meanwhile, and at Ctrl-C there is
# nothing to clean up yet. In the same way the workers of a training end with their launcher.
if "DVC_STAGE" in os.environ or "LOCAL_RANK" in os.environ:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
