"""Photos that no store holds: JPEGs in, boxes out."""

from pathlib import Path

from benchmarks.nms import CLASSES
from benchmarks.photos import STORE, painted
from benchmarks.topic import Case, Setting, Topic

PHOTOS, BATCH, WORKERS = 256, 32, 2


def our_detector(size: int = STORE, **decoding: float):
    """Return a detector with the model of `ssd_fpn` at an input size, with random weights."""
    from benchmarks.train_step import model_of
    from pipeline.inference.detector import DECODING, Detector
    from pipeline.rungs.registry import find_rung
    from pipeline.rungs.saved_model import ModelSpec

    rung, half = find_rung("ssd_fpn"), (0.5, 0.5, 0.5)
    spec = ModelSpec(
        rung=rung.name,
        task=rung.task.value,
        backbone="tf_efficientnet_lite0",
        image_size=size,
        classes=[f"class {label}" for label in range(CLASSES)],
        mean=half,
        std=half,
        precision="auto",
        options={},
        params={},
    )
    model = model_of(rung.name, size, CLASSES).eval()
    chosen = DECODING.model_copy(update=decoding)
    return Detector(model, spec, decoding=chosen, batch_size=BATCH)


def ours(paths: list[Path], detector) -> int:
    """Return the number of detections in the photos."""
    return sum(len(found.scores) for found in detector.stream(paths))


class Jpegs:
    """The photos as torchvision's detectors take them: `(3, height, width)` in 0..1."""

    def __init__(self, paths: list[Path]):
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int):
        """Return one photo, decoded by PIL."""
        from PIL import Image
        from torchvision.transforms.functional import to_tensor

        with Image.open(self.paths[index]) as image:
            return to_tensor(image.convert("RGB"))


def peer_model():
    """Return torchvision's `ssdlite320_mobilenet_v3_large`, ready to detect, of random weights."""
    from torchvision.models.detection import ssdlite320_mobilenet_v3_large

    return ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=CLASSES + 1, score_thresh=0.3
    ).eval()


def with_ssdlite(paths: list[Path], model) -> int:
    """Return the number of its detections."""
    import torch
    from torch.utils.data import DataLoader

    loader = DataLoader(Jpegs(paths), BATCH, num_workers=WORKERS, collate_fn=list)
    with torch.inference_mode():
        return sum(len(one["labels"]) for photos in loader for one in model(photos))


def _cases(size: int) -> list[Case]:
    import torch

    from benchmarks.pixels import decode_only
    from benchmarks.train_step import model_of
    from pipeline.inference.prepare import prepare_for_inference
    from pipeline.memory import keep_freed_memory
    from pipeline.models.precision import autocast

    keep_freed_memory()
    paths, _ = painted(PHOTOS)
    detector, model = our_detector(size), model_of("ssd_fpn", size, CLASSES).eval()
    model = prepare_for_inference(model, size)
    peer = peer_model()
    still = torch.randn(BATCH, 3, size, size).to(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode(), autocast(still.device, "auto"):
            for _ in range(PHOTOS // BATCH):
                model(still)

    return [
        Case("ours", "ours", lambda: ours(paths, detector)),
        Case("ssdlite320 with a DataLoader", "peer", lambda: with_ssdlite(paths, peer)),
        Case("the model's forward alone", "limit", forward),
        Case("decode alone, one core", "limit", lambda: [decode_only(path) for path in paths]),
    ]


def _setting(size: int) -> Setting:
    return Setting(f"ours at {size} px", PHOTOS, "photos", lambda: _cases(size), 2.0, repeats=3)


TOPIC = Topic(
    "Labelling a folder of 256 JPEGs of 500 pixels",
    (_setting(320), _setting(STORE)),
    "The peer takes 320 pixels in float32, ours in bfloat16 where the processor has units for "
    "it. Both have random weights here and thresholds that leave next to no candidates, so "
    "suppression is not measured. What the boxes are worth is below, *The peer's mAP*.",
)
