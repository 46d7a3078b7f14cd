"""What DVC runs: one file a stage. Each reads its inputs, calls the library, writes its outputs."""

import os
import signal

from pipeline.processes import die_with_parent

# Before the imports of a stage, which take seconds: DVC may end meanwhile, and at Ctrl-C there
# is nothing to clean up. The workers of a training end with their launcher in the same way.
if "DVC_STAGE" in os.environ or "LOCAL_RANK" in os.environ:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
