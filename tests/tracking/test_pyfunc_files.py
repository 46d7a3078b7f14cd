"""A model as MLflow loads it, in a process with nothing of this project but its files."""

import json
import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from pipeline.tracking.pyfunc_files import NEEDED, write_pyfunc
from tests.inference.making import pixels_of, saved

pytestmark = pytest.mark.slow

ASK = """
import base64, json, sys
sys.meta_path[:] = [f for f in sys.meta_path if "editable" not in getattr(f, "__module__", "")]
from importlib.metadata import packages_distributions
from pathlib import Path
import pandas, mlflow
mlflows = set(sys.modules)
model = mlflow.pyfunc.load_model(sys.argv[1])
image = base64.b64encode(Path(sys.argv[2]).read_bytes()).decode()
answers = model.predict(pandas.DataFrame({"image": [image]}), params={"min_score": 0.0})
import pipeline
known = packages_distributions()
tops = {name.partition(".")[0] for name in set(sys.modules) - mlflows}
used = sorted({known[top][0].lower() for top in tops if top in known})
print(json.dumps({"answers": answers, "code": pipeline.__file__, "used": used}))
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pyfunc")
    write_pyfunc(saved(root / "models/ssd_fpn", "ssd_fpn"), root / "model")
    return root / "model"


def test_nothing_is_pickled_and_all_is_pinned(written: Path) -> None:
    endings = {path.suffix for path in written.rglob("*") if path.is_file()}
    assert not endings & {".pkl", ".pickle", ".pt", ".pth", ".pyc"}
    lines = (written / "requirements.txt").read_text().split()
    assert all("==" in line for line in lines)
    assert {"torch", "torchvision", "timm"} <= {line.partition("==")[0] for line in lines}
    described = (written / "MLmodel").read_text()
    assert "min_score" in described and "detections" in described


def test_it_answers_with_its_own_code_and_the_packages_that_it_names(
    written: Path, tmp_path: Path
) -> None:
    from PIL import Image

    Image.fromarray(pixels_of(60, 40)).save(tmp_path / "a.png")
    words = [sys.executable, "-I", "-c", ASK, str(written), str(tmp_path / "a.png")]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    (answer,) = told["answers"]
    assert answer.keys() == {"width", "height", "detections"}
    assert (answer["width"], answer["height"]) == (60, 40)
    assert Path(told["code"]).is_relative_to(written)
    ours = {re.split(r"[^\w.-]", line)[0].lower() for line in requires("detection-ladder") or []}
    assert (set(told["used"]) & ours) - {"mlflow"} <= set(NEEDED)
