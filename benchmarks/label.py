"""Labelling JPEGs that are not in the pixel store."""

import shutil
from pathlib import Path

import torch

from benchmarks.nms import CLASSES
from benchmarks.photos import FOLDER, STORE, painted
from benchmarks.topic import Case, Setting, Topic
from pipeline.export.openvino_file import write_openvino
from pipeline.export.program import capture
from pipeline.formats.pascal.writer import write_pascal
from pipeline.inference.detector import DECODING, Detector
from pipeline.inference.engines.description import Description
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.inference.label_scores import thresholds
from pipeline.labelling.bulk import detect_into
from pipeline.labelling.job import JobSettings, open_job
from pipeline.labelling.labels import FoundLabels
from pipeline.labelling.photo_files import states_of
from pipeline.labelling.waiting import WaitingPhotos, without_done
from pipeline.memory import keep_freed_memory
from pipeline.models.precision import autocast
from pipeline.rungs.model_spec import ModelSpec
from pipeline.rungs.rung import RungModel
from pipeline.rungs.saved_model import build_model
from pipeline.tasks import Task

PHOTOS, BATCH, WORKERS = 256, 32, 2


def random_model(
    size: int, backbone: str = "tf_efficientnet_lite0", channels: int = 96
) -> tuple[RungModel, ModelSpec]:
    """Return an `ssd_fpn` for an input size, with random weights."""
    torch.manual_seed(42)
    half = (0.5, 0.5, 0.5)
    spec = ModelSpec(
        rung="ssd_fpn",
        task=Task.DETECT.value,
        backbone=backbone,
        image_size=size,
        classes=[f"class {label}" for label in range(CLASSES)],
        mean=half,
        std=half,
        precision="auto",
        processor="",
        options={"dropout": 0.0, "channels": channels, "anchor_scale": 4.0},
        params={},
    )
    return build_model(spec).to(memory_format=torch.channels_last).eval(), spec


def random_detector(
    size: int, backbone: str = "tf_efficientnet_lite0", channels: int = 96
) -> Detector:
    """Return the detector of a random model."""
    return Detector(TorchEngine(*random_model(size, backbone, channels)), batch_size=BATCH)


def exported_detector(size: int, folder: Path) -> Detector:
    """Return the detector of a random model that was exported to OpenVINO."""
    model, spec = random_model(size)
    path = folder / f"random-{size}.xml"
    write_openvino(capture(model, spec), Description(spec, DECODING), path)
    return Detector.load(path, batch_size=BATCH)


def ours(photos: WaitingPhotos, detector: Detector, folder: Path) -> int:
    """Return the number of photos after everything that `ladder label` does with names and files.

    Parts are written and synced to the disk, read again, and their labels written as Pascal JSON.
    """
    place = folder / "labels.job"
    shutil.rmtree(place, ignore_errors=True)
    decoding = detector.decoding
    kept = (decoding.min_score, decoding.nms_threshold, decoding.max_detections)
    job = open_job(
        place, JobSettings("random", detector.classes, str(folder), *kept), restart=False
    )
    job.save()
    detect_into(job, detector, without_done(photos, job.done()))
    scores = thresholds(detector.classes, {})
    done = job.done()
    write_pascal(FoundLabels(job, done, folder, scores, doubtful=False), folder / "labels.json")
    return len(done)


class Jpegs:
    """Photos as torchvision's detectors take them: `(3, height, width)` in 0..1."""

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
    """Return torchvision's `ssdlite320_mobilenet_v3_large`, with random weights."""
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
    from benchmarks.pixels import decode_only

    keep_freed_memory()  # as `ladder label` does; the peer gains by it as well
    paths, _ = painted(PHOTOS)
    named = [(path.name, path) for path in paths]
    photos = WaitingPhotos.of(paths[0].parent, states_of(named, []))
    detector, peer = random_detector(size), peer_model()
    exported = exported_detector(size, FOLDER)
    plain, _ = random_model(size)
    images = torch.randn(BATCH, 3, size, size).to(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.inference_mode(), autocast(images.device, detector.spec.precision):
            for _ in range(PHOTOS // BATCH):
                plain(images)

    return [
        Case("ours", "ours", lambda: ours(photos, detector, FOLDER)),
        Case("ssdlite320 with a DataLoader", "peer", lambda: with_ssdlite(paths, peer)),
        Case("ours, exported to OpenVINO", "peer", lambda: ours(photos, exported, FOLDER)),
        Case("a plain model's forward alone", "limit", forward),
        Case("decode alone, one core", "limit", lambda: [decode_only(path) for path in paths]),
    ]


def _setting(size: int) -> Setting:
    return Setting(f"ours at {size} px", PHOTOS, "photos", lambda: _cases(size), 2.0, repeats=3)


TOPIC = Topic(
    "Labelling a folder of 256 JPEGs of 500 pixels",
    (_setting(320), _setting(STORE)),
    "Ours is all that `ladder label` does, parts and label file on the disk included; the peer "
    "writes nothing. The peer looks at 320 pixels in float32, ours in bfloat16 where the processor "
    "has units for it, torch and OpenVINO alike. All have random weights here and thresholds that "
    "leave next to no candidates, so suppression is not measured. What the boxes are worth is "
    "below, *The peer's mAP*.",
)
