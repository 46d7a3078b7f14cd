"""The rungs: one entry each, with a section of parameters and a stage of the same name."""

import inspect

import pytest
from ruamel.yaml import YAML

from pipeline.errors import InputError
from pipeline.params.params import load_params
from pipeline.rungs.registry import RUNGS, find_rung
from tests.conftest import ROOT

NAMES = [rung.name for rung in RUNGS]


def test_every_rung_has_its_parameters_and_its_stages():
    assert load_params(ROOT / "params.yaml").rung_names == NAMES
    pipeline = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
    [declared] = [part["rungs"] for part in pipeline["vars"] if "rungs" in part]
    assert declared == {
        rung.name: {"family": rung.family.rpartition(".")[2], "table": rung.task.table}
        for rung in RUNGS
    }


@pytest.mark.parametrize("rung", RUNGS, ids=NAMES)
def test_a_rung_is_found_by_its_name(rung):
    assert find_rung(rung.name) is rung
    assert rung.task.headline in rung.task.metrics
    assert inspect.getmodule(type(rung)).__name__.startswith(f"{rung.family}.")


@pytest.mark.parametrize("name", ["ssd", "", "Classifier"])
def test_an_unknown_rung_is_refused_with_a_list(name):
    with pytest.raises(InputError) as error:
        find_rung(name)
    assert str(error.value) == f"{name}: no such rung; there are {', '.join(NAMES)}"
