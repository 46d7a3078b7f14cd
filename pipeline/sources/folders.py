"""Step 1 of the journey: any source becomes one folder of photos and its Pascal JSON."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from PIL import ExifTags, Image

from pipeline.demo.painter import paint_demo
from pipeline.errors import InputError
from pipeline.formats.pascal import check_pascal, read_pascal
from pipeline.formats.voc import is_voc_folder, read_voc_folder
from pipeline.progress import progress
from pipeline.sources.archives import OFFICIAL, Archive, download, unpack
from pipeline.tables.splits import read_split_lists

_PHOTO_FOLDERS = ("", "annotations", "images", "photos", "JPEGImages")


@dataclass(frozen=True)
class Source:
    """Labels and where each image's photo lies; `photos` is in the order of `images`."""

    pascal: dict
    photos: list[Path]


def read_source(
    kind: str,
    out: Path,
    *,
    path: Path,
    downloads: Path,
    demo_photos: int,
    demo_size: int,
    seed: int,
) -> dict:
    """Fill `out/photos` from a source and return its checked Pascal JSON.

    Args:
        kind: `demo`, `local`, `voc2007` or `voc2012`.
        out: a folder that is there; gets a `photos` folder of copies, never links.
        path: what `local` reads, see `read_local`.
        downloads: where official archives are kept.
        demo_photos: how many photos the demo paints.
        demo_size: the longer side of the demo's photos in pixels.
        seed: of the demo's painter.

    Returns:
        Pascal JSON; `split` is in the images where the source has one, sizes in all of them.

    Raises:
        InputError: anything wrong with the source, in one line.
    """
    if kind == "demo":
        return paint_demo(out, demo_photos, demo_size, seed)
    if kind == "local":
        source = read_local(path)
        copy_photos(source, out / "photos")
        return source.pascal
    unpacked = out / "unpacked"
    source = read_official(OFFICIAL[kind], downloads, unpacked)
    copy_photos(source, out / "photos")
    shutil.rmtree(unpacked)
    return source.pascal


def read_official(archives: Iterable[Archive], downloads: Path, unpacked: Path) -> Source:
    """Download archives, unpack them into one folder and return the VOC set inside."""
    for archive in archives:
        file = downloads / archive.name
        download(archive.urls, file, archive.sha256)
        unpack(file, unpacked)
    return read_local(unpacked)


def read_local(path: Path) -> Source:
    """Return labels and photos of a local set, with sizes from the photos where labels lack them.

    Args:
        path: a folder with exactly one Pascal/COCO `*.json` in it or in its `annotations`, and
            photos in it, in `images`, `photos`, `JPEGImages` or any folder below; or the JSON file
            itself; or a VOC folder (`Annotations`, `JPEGImages`), at most two levels below.

    Raises:
        InputError: no labels or several, labels that do not hold, a photo that is missing.
    """
    file = path if path.is_file() else _find_json(path)
    if file is not None:
        folder = path if path.is_dir() else _folder_of(file)
        pascal = _with_listed_splits(read_pascal(file), folder / "ImageSets" / "Main")
        photos = _find_photos(pascal["images"], folder, file)
    else:
        folder = _find_voc(path)
        pascal = check_pascal(read_voc_folder(folder), folder)
        photos = _find_photos(pascal["images"], folder / "JPEGImages", folder)
    return Source(_with_sizes(pascal, photos), photos)


def _find_json(folder: Path) -> Path | None:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such file or folder; set fetch.path to the labelled photos")
    files = sorted(folder.glob("*.json")) or sorted(folder.glob("annotations/*.json"))
    if len(files) > 1:
        names = ", ".join(file.name for file in files[:4])
        raise InputError(f"{folder}: {len(files)} JSON files ({names}); set fetch.path to one file")
    return files[0] if files else None


def _folder_of(labels: Path) -> Path:
    """Return the folder of a set by its JSON: COCO has labels in `annotations`, photos beside."""
    folder = labels.parent
    return folder.parent if folder.name == "annotations" else folder


def _find_voc(folder: Path) -> Path:
    places = [folder, *sorted(folder.glob("*/")), *sorted(folder.glob("*/*/"))]
    found = [place for place in places if is_voc_folder(place)]
    if not found:
        raise InputError(
            f"{folder}: neither a *.json nor Annotations and JPEGImages; "
            "set fetch.path to the folder that holds them"
        )
    if len(found) > 1:
        names = ", ".join(str(place.relative_to(folder)) for place in found[:4])
        raise InputError(f"{folder}: {len(found)} VOC folders ({names}); set fetch.path to one")
    return found[0]


def _with_listed_splits(pascal: dict, lists: Path) -> dict:
    """Give images the split that `ImageSets/Main` beside the JSON names, by file name or stem."""
    splits = read_split_lists(lists)
    if not splits:
        return pascal
    images = []
    for image in pascal["images"]:
        name = image["file_name"]
        split = splits.get(name) or splits.get(PurePosixPath(name).stem) or image.get("split")
        images.append(image | {"split": split})
    return pascal | {"images": images}


def _find_photos(images: list[dict], folder: Path, labels: Path) -> list[Path]:
    """Return the photo of each image; all that are missing are counted, the first is named."""
    found: list[Path | None] = []
    for image in images:
        places = (folder / place / image["file_name"] for place in _PHOTO_FOLDERS)
        found.append(next((place for place in places if place.is_file()), None))
    if None in found:
        found = _search_below(images, found, folder, labels)
    missing = [image["file_name"] for image, photo in zip(images, found, strict=True) if not photo]
    if missing:
        more = f" and {len(missing) - 1} more are" if len(missing) > 1 else " is"
        raise InputError(
            f"{labels}: photo {missing[0]!r}{more} missing below {folder}; add the photos or "
            "remove their images from the labels"
        )
    return found


def _search_below(
    images: list[dict], found: list[Path | None], folder: Path, labels: Path
) -> list[Path | None]:
    """Fill the gaps in `found` with files anywhere below whose path ends in the file name."""
    below: dict[str, list[Path]] = {}
    for place in sorted(folder.rglob("*")):
        below.setdefault(place.name, []).append(place)
    filled = list(found)
    for index, image in enumerate(images):
        if filled[index] is None:
            parts = PurePosixPath(image["file_name"]).parts
            fits = [p for p in below.get(parts[-1], []) if p.parts[-len(parts) :] == parts]
            fits = [place for place in fits if place.is_file()]
            if len(fits) > 1:
                raise InputError(
                    f"{labels}: photo {image['file_name']!r} is in several folders ({fits[0]}, "
                    f"{fits[1]}); give its folder in file_name"
                )
            filled[index] = fits[0] if fits else None
    return filled


def _with_sizes(pascal: dict, photos: list[Path]) -> dict:
    """Complete `width` and `height` from the photo's header where the labels have none.

    Labels without a size were made on what a viewer shows: the photo as its EXIF says to turn it.
    """
    images = []
    for image, photo in zip(pascal["images"], photos, strict=True):
        if image.get("width") is None or image.get("height") is None:
            try:
                width, height = _size_wh(photo)
            except (OSError, ValueError, Image.DecompressionBombError) as error:
                raise InputError(
                    f"{photo}: size cannot be read ({error}); replace the photo"
                ) from None
            image = image | {"width": width, "height": height}
        images.append(image)
    return pascal | {"images": images}


def _size_wh(photo: Path) -> tuple[int, int]:
    """Return width and height in pixels as `decode_photo` will have them, without decoding."""
    with Image.open(photo) as header:
        width, height = header.size
        return (height, width) if _lies_on_its_side(header) else (width, height)


def _lies_on_its_side(header: Image.Image) -> bool:
    # EXIF alone, by which all decoders turn: `header.getexif` also goes by XMP, which torchvision
    # does not read, and would turn a TIFF, whose size PIL gives upright already.
    exif = Image.Exif()
    try:
        exif.load(header.info.get("exif", b""))
        return exif.get(ExifTags.Base.Orientation) in range(5, 9)
    except Exception:  # over a damaged note PIL raises a dozen types; nobody turns a photo by it
        return False


def copy_photos(source: Source, folder: Path) -> None:
    """Copy each photo to `folder/<file_name>`; copies, as DVC makes its outputs read-only."""
    names = [image["file_name"] for image in source.pascal["images"]]
    for parent in {(folder / name).parent for name in names}:
        parent.mkdir(parents=True, exist_ok=True)
    together = zip(names, source.photos, strict=True)
    for name, photo in progress(together, total=len(names), desc="copying", unit="photos"):
        shutil.copyfile(photo, folder / name)
