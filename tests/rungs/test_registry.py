"""The rungs: one entry each, and nothing loaded that a rung does not need."""

import subprocess
import sys

import pytest

from pipeline.errors import InputError
from pipeline.params import TrainParams
from pipeline.rungs.largest.rung import LargestFamily
from pipeline.rungs.registry import RUNGS, find_rung
from pipeline.rungs.ssd.rung import SsdFamily
from tests.conftest import ROOT

NAMES = ["classifier", "bbox", "combined", "ssd_4x4", "ssd_189", "ssd_fpn"]


def test_the_rungs_in_their_order():
    assert [rung.name for rung in RUNGS] == NAMES
    assert set(TrainParams.model_fields) - {"shared"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_rung_is_found_and_knows_its_family(name):
    rung = find_rung(name)
    assert rung.name == name
    assert rung.headline in rung.metrics
    expected = ("objects", SsdFamily) if "ssd" in name else ("largest", LargestFamily)
    assert (rung.table, type(rung.family())) == expected
    assert rung.family().name == name


@pytest.mark.parametrize("name", ["ssd", "", "Classifier"])
def test_an_unknown_rung_is_refused_with_a_list(name):
    with pytest.raises(InputError) as error:
        find_rung(name)
    assert str(error.value) == f"{name}: no such rung; there are {', '.join(NAMES)}"


def test_training_a_classifier_loads_nothing_of_ssd():
    code = (
        "import sys, stages.train\n"
        "from pipeline.rungs.registry import find_rung\n"
        "find_rung('classifier').family()\n"
        "print(*(name for name in sys.modules if name.startswith('pipeline.')))\n"
        "find_rung('ssd_fpn').family()\n"
        "print(*(name for name in sys.modules if name.startswith('pipeline.')))\n"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    classifier, both = (set(line.split()) for line in done.stdout.splitlines())
    assert {"pipeline.rungs.largest.heads", "pipeline.rungs.largest.criterion"} < classifier
    assert both - classifier == {
        *("pipeline.rungs.ssd.rung", "pipeline.rungs.ssd.model", "pipeline.rungs.ssd.anchors"),
        *(
            "pipeline.rungs.ssd.matching",
            "pipeline.rungs.ssd.softplus",
            "pipeline.rungs.ssd.criterion",
        ),
    }
