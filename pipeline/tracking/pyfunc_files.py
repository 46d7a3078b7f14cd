"""Writes a rung's model as an MLflow pyfunc, from code, for `mlflow models serve` to load.

Slow imports are made inside functions: most calls of `track` write nothing.
"""

import base64
import io
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline
from pipeline.files import EVALUATION, LABEL_SCORES

if TYPE_CHECKING:
    from pandas import DataFrame

_CODE = Path(pipeline.__file__).parent
# What inference imports, as a test checks: serving needs neither training, DVC nor plotting.
NEEDED = (
    *("filelock", "numpy", "orjson", "pandas", "pillow", "pyarrow", "pydantic", "ruamel.yaml"),
    *("ruamel.yaml.clib", "safetensors", "timm", "torch", "torchvision", "tqdm"),
)


def write_pyfunc(model: Path, out: Path) -> None:
    """Write a folder that MLflow can load, self-contained but for installed packages.

    Nothing in it is pickled: the code is `pipeline/inference/pyfunc_model.py` and the package that
    it imports, the model is safetensors and JSON.

    Args:
        model: a rung's folder, `models/RUNG`.
        out: the folder to create.
    """
    from mlflow.models import ModelSignature
    from mlflow.pyfunc import save_model
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema
    from mlflow.types.schema import Array, Object, Property

    found = Object(
        [
            Property("label", DataType.string),
            Property("score", DataType.double),
            Property("box", Array(DataType.double)),
        ]
    )
    answer = [
        ColSpec(DataType.long, "width"),
        ColSpec(DataType.long, "height"),
        ColSpec(Array(found), "detections"),
    ]
    save_model(
        out,
        python_model=str(_CODE / "inference/pyfunc_model.py"),
        artifacts={"model": str(model)},
        code_paths=[str(_CODE)],
        pip_requirements=[f"{name}=={version(name)}" for name in NEEDED],
        signature=ModelSignature(
            Schema([ColSpec(DataType.string, "image")]),
            Schema(list(answer)),
            ParamSchema([ParamSpec("min_score", DataType.double, -1.0)]),
        ),
        input_example=_example(),
    )
    scores = EVALUATION / model.name / LABEL_SCORES
    if scores.is_file():
        shutil.copyfile(scores, out / "artifacts" / LABEL_SCORES)


def _example() -> "DataFrame":
    """Return one small photo as the model takes it."""
    from pandas import DataFrame
    from PIL import Image

    file = io.BytesIO()
    Image.linear_gradient("L").resize((32, 32)).convert("RGB").save(file, "JPEG")
    return DataFrame({"image": [base64.b64encode(file.getvalue()).decode()]})
