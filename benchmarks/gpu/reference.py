"""Torchvision's own detection training: its ssdlite320, its loss, its transforms, its loop.

After `references/detection` of torchvision (`train.py --model ssdlite320_mobilenet_v3_large
--data-augmentation ssdlite --amp`, `engine.py`): workers decode a JPEG for each sample, photos go
to the GPU one by one, float16 with a gradient scaler, and the loss is read in every step.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision import tv_tensors
from torchvision.models.detection import ssdlite320_mobilenet_v3_large
from torchvision.transforms import v2

from benchmarks.gpu.packed_photos import LABELS
from benchmarks.gpu.project import PHOTOS
from benchmarks.gpu.results import Results
from benchmarks.gpu.size import Size
from benchmarks.gpu.timing import wait_for_device
from pipeline.files import PARAMS
from pipeline.models.device import choose_device
from pipeline.params.params import load_params

SIDE = 320  # of ssdlite320
# As the reference's README gives them for ssdlite320, the rate for 8 GPUs of 24 photos.
RATE_PER_PHOTO, MOMENTUM, WEIGHT_DECAY = 0.15 / (8 * 24), 0.9, 4e-5
_MOST_WORKERS = 14
_WARM_UP = 3

Sample = tuple[Tensor, dict[str, Tensor]]


def measure(results: Results, size: Size, seconds: float) -> None:
    """Add photos per second of the loop with batches of ours, its workers warmed up."""
    shared = load_params(PARAMS).train.shared
    rate = ReferenceLoop(shared.batch_size, choose_device(shared.device)).rate(_WARM_UP, size.steps)
    results.add("reference", {"side": SIDE, "photos_per_s": round(rate, 1)})


class JpegObjects(Dataset[Sample]):
    """The photos with objects of a set with labels as Pascal JSON."""

    def __init__(self, folder: Path):
        pascal = json.loads((folder / LABELS).read_text())
        self.folder = folder / "images"
        self.num_classes = max(category["id"] for category in pascal["categories"])
        self.objects: dict[int, list[dict]] = {}
        for item in pascal["annotations"]:
            self.objects.setdefault(item["image_id"], []).append(item)
        self.images = [image for image in pascal["images"] if image["id"] in self.objects]
        self.transform = v2.Compose(
            [
                v2.RandomIoUCrop(),
                v2.RandomHorizontalFlip(0.5),
                v2.PILToTensor(),
                v2.ToDtype(torch.float32, scale=True),
                v2.SanitizeBoundingBoxes(),
                v2.ToPureTensor(),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Sample:
        """Return a photo `(3, height, width)` in 0..1, and its boxes and labels."""
        image = self.images[index]
        with Image.open(self.folder / image["file_name"]) as file:
            photo = file.convert("RGB")
        objects = self.objects[image["id"]]
        xywh = torch.tensor([item["bbox"] for item in objects])
        boxes = tv_tensors.BoundingBoxes(
            torch.cat([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1),
            format="XYXY",
            canvas_size=photo.size[::-1],
        )
        labels = torch.tensor([item["category_id"] for item in objects])
        return self.transform(photo, {"boxes": boxes, "labels": labels})


class ReferenceLoop:
    """The loop of torchvision's reference, with random weights."""

    def __init__(self, batch_size: int, device: torch.device):
        self.device = device
        self.batch_size = batch_size
        photos = JpegObjects(PHOTOS)
        self.model = ssdlite320_mobilenet_v3_large(
            weights=None, weights_backbone=None, num_classes=photos.num_classes + 1
        ).to(device)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            lr=RATE_PER_PHOTO * batch_size,
            momentum=MOMENTUM,
            weight_decay=WEIGHT_DECAY,
        )
        self.scaler = torch.amp.GradScaler(device.type, enabled=device.type == "cuda")
        self.loader = DataLoader(
            photos,
            batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=min(_MOST_WORKERS, max(0, (os.cpu_count() or 1) - 2)),
            collate_fn=_columns,
        )

    def rate(self, warm_up: int, steps: int) -> float:
        """Return photos per second over so many steps after those that warm up."""
        batches = self._endless()
        for _ in range(warm_up):
            self.step(*next(batches))
        wait_for_device()
        start = time.perf_counter()
        for _ in range(steps):
            self.step(*next(batches))
        wait_for_device()
        return steps * self.batch_size / (time.perf_counter() - start)

    def step(self, images: list[Tensor], targets: list[dict[str, Tensor]]) -> None:
        """Learn from one batch."""
        images = [image.to(self.device) for image in images]
        targets = [{key: value.to(self.device) for key, value in t.items()} for t in targets]
        with torch.autocast(
            self.device.type, enabled=self.scaler.is_enabled(), dtype=torch.float16
        ):
            losses = self.model(images, targets)
            loss = sum(losses.values())
        loss.item()  # as it does for its log, and to stop at a loss that is not finite
        self.optimizer.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()

    def _endless(self) -> Iterator[tuple[list[Tensor], list[dict[str, Tensor]]]]:
        while True:
            yield from self.loader


def _columns(samples: list[Sample]) -> tuple[list[Tensor], list[dict[str, Tensor]]]:
    images, targets = zip(*samples, strict=True)
    return list(images), list(targets)
