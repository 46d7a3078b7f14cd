"""A project folder after `dvc repro`, made small: lock file, models, metrics, pictures."""

import hashlib
import json
from pathlib import Path

import yaml
from PIL import Image

from pipeline.rungs.registry import RUNGS as REGISTERED

METRICS = {
    "classifier": {"accuracy": 0.96},
    "bbox": {"l1_px": 8.25, "mean_iou": 0.78},
    "combined": {"accuracy": 0.95, "l1_px": 8.5, "mean_iou": 0.77},
    "ssd_4x4": {"voc_map_50": 0.31, "voc_map_50_11pt": 0.33, "coco_map": 0.11},
    "ssd_189": {"voc_map_50": 0.52, "voc_map_50_11pt": 0.53, "coco_map": 0.21},
    "ssd_fpn": {"voc_map_50": 0.83, "voc_map_50_11pt": 0.81, "coco_map": 0.52},
}
RUNGS = tuple(METRICS)
TASKS = {rung.name: rung.task.value for rung in REGISTERED}
TRAINING = {"seconds": 61.0, "device": "cuda", "processor": "a fast one", "threads": 2}


def md5(content: bytes | str) -> str:
    """Return the md5 that DVC gives to a file of this content."""
    return hashlib.md5(content.encode() if isinstance(content, str) else content).hexdigest()


def make_tree(root: Path, rungs: tuple[str, ...] = RUNGS, epochs: int = 3) -> Path:
    """Write the outputs of `rungs` and a lock file that agrees with them; return `root`."""
    stages = {
        "fetch": {
            "cmd": "python -m stages.fetch",
            "params": {"params.yaml": {"fetch": {"source": "demo", "seed": 42}}},
            "outs": [{"path": "data/source", "hash": "md5", "md5": md5("source") + ".dir"}],
        },
        "pixels": {
            "cmd": "python -m stages.pixels",
            "deps": [{"path": "data/source", "hash": "md5", "md5": md5("source") + ".dir"}],
            "params": {"params.yaml": {"pixels": {"size": 160}}},
            "outs": [{"path": "data/pixels", "hash": "md5", "md5": md5("pixels") + ".dir"}],
        },
    }
    for rung in rungs:
        stages |= _rung_stages(root, rung, epochs)
    write_lock(root, stages)
    return root


def write_lock(root: Path, stages: dict) -> None:
    """Write a lock file with these stages."""
    lock = {"schema": "2.0", "stages": stages}
    (root / "dvc.lock").write_text(yaml.safe_dump(lock, sort_keys=False))


def read_stages(root: Path) -> dict:
    """Return the stages of the lock file."""
    return yaml.safe_load((root / "dvc.lock").read_text())["stages"]


def _rung_stages(root: Path, rung: str, epochs: int) -> dict:
    metrics = json.dumps({rung: {"val": METRICS[rung]}})
    rows = [
        {"epoch": e, "phase": "head", "lr": 0.1, "train": {"loss": 1 / e}, "val": METRICS[rung]}
        for e in range(1, epochs + 1)
    ]
    history = "".join(json.dumps(row) + "\n" for row in rows)
    task = TASKS[rung]
    for path, content in {
        f"models/{rung}/model.json": json.dumps({"rung": rung, "task": task}),
        f"models/{rung}/model.safetensors": "weights",
        f"models/{rung}/history.jsonl": history,
        f"training/{rung}.json": json.dumps(TRAINING),
        f"evaluation/{rung}/intervals.csv": "split,metric,value,low,high,note\n",
        f"metrics/{rung}.json": metrics,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    (root / "figures" / rung).mkdir(parents=True)
    Image.new("RGB", (4, 3)).save(root / "figures" / rung / "val_grid.png")
    (root / "figures" / rung / "progress").mkdir()
    Image.new("RGB", (4, 3)).save(root / "figures" / rung / "progress" / "25.png")
    pixels = _locked("data/pixels", md5("pixels") + ".dir")
    model = _locked(f"models/{rung}", md5(rung + history) + ".dir")
    predictions = _locked(f"predictions/{rung}.parquet", md5(f"{rung} predictions"))
    train = {"shared": {"seed": 42, "device": "auto"}, rung: {"head": {"epochs": 3, "lr": 0.001}}}
    return {
        f"train@{rung}": {
            "cmd": f"python -m stages.train {rung}",
            "deps": [pixels],
            "params": {"params.yaml": {f"train.{key}": value for key, value in train.items()}},
            "outs": [model, _locked(f"training/{rung}.json", md5(json.dumps(TRAINING)))],
        },
        f"predict@{rung}": {
            "cmd": f"python -m stages.predict {rung}",
            "deps": [model, pixels],
            "params": {"params.yaml": {"predict": {"min_score": 0.05}}},
            "outs": [predictions],
        },
        f"evaluate@{rung}": {
            "cmd": f"python -m stages.evaluate {rung}",
            "deps": [model, predictions],
            "outs": [
                _locked(f"evaluation/{rung}", md5(f"{rung} evaluation") + ".dir"),
                _locked(f"metrics/{rung}.json", md5(metrics)),
            ],
        },
    }


def _locked(path: str, digest: str) -> dict[str, str]:
    return {"path": path, "hash": "md5", "md5": digest}
