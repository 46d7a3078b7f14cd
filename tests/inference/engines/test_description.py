"""An exported file describes its model completely, or is refused."""

from dataclasses import asdict
from pathlib import Path

import pytest

from pipeline.errors import InputError
from pipeline.inference.engines.description import Description, raw_spec
from tests.exported_files import described

FILE = Path("a.onnx")


def test_what_is_said_is_read_again():
    strings = described("ssd_fpn").to_strings()
    read = Description.from_strings(strings | {"more": "of others"}, FILE)
    assert asdict(read.spec) | {"mean": None, "std": None} == asdict(described("ssd_fpn").spec) | {
        "mean": None,
        "std": None,
    }
    assert tuple(read.spec.mean) == described("ssd_fpn").spec.mean
    assert (read.decoding, read.label_scores) == (
        described("ssd_fpn").decoding,
        described("ssd_fpn").label_scores,
    )
    assert strings["classes"] == '["cat", "dog", "owl"]'


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"detection_ladder": "99"}, "does not say which rung it is"),
        ({"model": "{"}, "metadata is damaged"),
        ({"model": '{"rung": "ssd_fpn"}'}, "metadata is damaged"),
        ({"decoding": '{"min_score": 7}'}, "metadata is damaged"),
    ],
)
def test_other_metadata_is_refused(change, says):
    strings = described("ssd_fpn").to_strings() | change
    with pytest.raises(InputError, match=rf"a\.onnx: .*{says}.*ladder export"):
        Description.from_strings(strings, FILE)
    with pytest.raises(InputError, match="does not say"):
        Description.from_strings({}, FILE)


def test_detections_cannot_be_decoded_again():
    assert raw_spec(described("bbox"), FILE).rung == "bbox"
    with pytest.raises(InputError, match=r"a\.onnx: suppression is inside.*--format onnx`"):
        raw_spec(described("bbox", suppressed=True), FILE)
