"""What DVC runs: one file a stage. Each reads its inputs, calls the library, writes its outputs."""

import os

from pipeline.repair.orphans import die_with_parent

# Here, before the imports of a stage, which take seconds in which DVC may be killed.
if "DVC_STAGE" in os.environ:
    die_with_parent()
