"""Augmented batches: flip, rotation and lighting of photos and boxes."""

from pathlib import Path

from benchmarks.photos import STORE, painted, stored
from benchmarks.topic import Case, Setting, Topic

PHOTOS, BATCH, WORKERS = 384, 32, 2
MEAN = STD = (0.5, 0.5, 0.5)
CHANGE = {"flip": 0.5, "rotate": 3.0, "crop": 1.0, "zoom_out": 1.0, "lighting": 0.2}


def our_batches(photos, side: int = STORE):
    """Return the source of batches that training uses."""
    import torch

    from pipeline.data.batches import Batches
    from pipeline.params.train import AugmentParams

    return Batches(
        photos,
        image_size=side,
        batch_size=BATCH,
        mean=MEAN,
        std=STD,
        device=torch.device("cpu"),
        augment=AugmentParams(**CHANGE),
    )


class JpegPhotos:
    """A data set as in torchvision's reference: PIL opens, v2 transforms photo and boxes."""

    def __init__(self, paths: list[Path], pascal: dict):
        import torch
        from torchvision.transforms import v2

        self.paths = paths
        self.images = pascal["images"]
        self.objects = {image["id"]: [] for image in self.images}
        for item in pascal["annotations"]:
            self.objects[item["image_id"]].append(item)
        light = CHANGE["lighting"]
        self.transform = v2.Compose(
            [
                v2.RandomHorizontalFlip(CHANGE["flip"]),
                v2.RandomApply([v2.RandomRotation(CHANGE["rotate"])], 0.5),
                v2.ColorJitter(light, light, light),
                v2.Resize((STORE, STORE)),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(MEAN, STD),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int):
        """Return the image `(3, S, S)`, boxes `(N, 4)` xyxy and labels `(N,)`."""
        import torch
        from PIL import Image
        from torchvision import tv_tensors

        with Image.open(self.paths[index]) as image:
            photo = image.convert("RGB")
        objects = self.objects[self.images[index]["id"]]
        xywh = torch.tensor([item["bbox"] for item in objects], dtype=torch.float32).reshape(-1, 4)
        boxes = tv_tensors.BoundingBoxes(
            torch.cat([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], 1),
            format="XYXY",
            canvas_size=photo.size[::-1],
        )
        labels = torch.tensor([item["category_id"] - 1 for item in objects], dtype=torch.int64)
        ignore = torch.tensor([bool(item["ignore"]) for item in objects], dtype=torch.bool)
        image, boxes = self.transform(photo, boxes)
        return image, torch.as_tensor(boxes), labels, ignore, index


def padded(samples: list):
    """Return the same `Batch` that ours makes, from a list of samples."""
    import torch
    from torch.nn.utils.rnn import pad_sequence

    from pipeline.data.batches import Batch

    images, boxes, labels, ignore, index = zip(*samples, strict=True)
    weights = [torch.ones(len(of_photo)) for of_photo in labels]
    return Batch(
        torch.stack(images).contiguous(memory_format=torch.channels_last),
        pad_sequence(boxes, batch_first=True),
        pad_sequence(labels, batch_first=True, padding_value=-1),
        pad_sequence(ignore, batch_first=True),
        pad_sequence(weights, batch_first=True),
        torch.tensor(index),
    )


def loader(paths: list[Path], pascal: dict, workers: int = WORKERS):
    """Return the peer's source of batches."""
    from torch.utils.data import DataLoader

    return DataLoader(
        JpegPhotos(paths, pascal),
        BATCH,
        shuffle=True,
        num_workers=workers,
        collate_fn=padded,
        drop_last=True,
        persistent_workers=workers > 0,
    )


def _cases() -> list[Case]:
    paths, pascal = painted(PHOTOS)
    photos = stored(PHOTOS)
    source, peer = our_batches(photos), loader(paths, pascal)

    def read_store() -> None:
        for start in range(0, PHOTOS, BATCH):
            photos.pixels[start : start + BATCH].copy()

    return [
        Case("ours, from the store", "ours", lambda: [None for _ in source.epoch(0)]),
        Case("PIL + torchvision v2, 2 workers", "peer", lambda: [None for _ in peer]),
        Case("bare read of the store", "limit", read_store),
    ]


TOPIC = Topic(
    "Batches with flip, rotation, lighting and boxes",
    (Setting("batches of 32 at 224 px", PHOTOS, "photos", _cases, 2.0),),
    "The peer decodes each JPEG anew, as such loaders do; ours reads what the pixels stage decoded "
    "once. Both give normalised images and padded boxes of the same photos "
    "(`tests/benchmarks/test_batches.py`). Nearly all of our time is the warp (`grid_sample`) and "
    "the lighting, reading is nothing.",
)
