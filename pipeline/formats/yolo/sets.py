"""Reads the description of a YOLO set: class names and the photos of each split."""

import glob
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError, counted
from pipeline.formats.labels import MOST_CLASSES
from pipeline.formats.names import fault_of_name, plain_name
from pipeline.formats.photo_names import PhotoNames
from pipeline.formats.split_names import plain_split, split_of_name, split_of_path
from pipeline.formats.text_files import read_lines
from pipeline.formats.yolo.lines import begins_with_object
from pipeline.formats.yolo.places import TextsOfSet, is_in_images
from pipeline.photo_files import files_below, is_file, is_photo
from pipeline.schemas import SPLITS
from pipeline.yaml_file import read_yaml

_SPLIT_KEYS = ("train", "val", "valid", "validation", "test")


@dataclass(frozen=True)
class YoloSet:
    """A set without its boxes.

    Attributes:
        classes: names in label order; None if the set has none.
        splits: the split of each photo, by its path below the root; None if it is in none, joined,
            as in `train and val`, if it is in several. If all photos are in the same several, as
            our own writer writes it, all are None.
        keypoints: how many numbers of keypoints each line has after the box.
        notes: see `Labels`.
    """

    classes: list[str] | None
    splits: dict[str, str | None]
    keypoints: int
    notes: tuple[str, ...]


def read_yolo_set(root: Path, description: Path | None) -> YoloSet:
    """Return the set in a folder.

    Args:
        root: the folder.
        description: a data.yaml, or a list of names such as `obj.names`, one per line; None if
            there is neither.

    Raises:
        InputError: names are wrong, or lists and folders of splits are missing.
    """
    photos = PhotoNames(root)
    if not photos.names:
        raise InputError(
            f"{root}: holds labels and no photo; put the photos into {root / 'images'}, each in "
            "the folder that its label file has in labels/, or next to it"
        )
    if description and description.suffix.lower() in {".yaml", ".yml"}:
        data = _read_yaml(description)
        entries = {
            key: entry if isinstance(entry, list) else [entry]
            for key in _SPLIT_KEYS
            if (entry := data.get(key))
        }
        names, keypoints = _names_in_yaml(data, description), _keypoints(data)
        if names and data.get("names"):
            _refuse_other_order(names, description, root)
        if not data.keys() & set(_SPLIT_KEYS):
            return YoloSet(names, _splits_of_folders(photos, root), keypoints, ())
        splits, notes = _described(photos, root, description, data.get("path"), entries)
        return YoloSet(names, splits, keypoints, notes)
    classes = _names_in_lists(root, description)
    texts = filter(is_file, sorted(root.glob("*.txt")))
    lists = {file.stem: [file.name] for file in texts if _is_list(file, photos)}
    if lists:
        splits, notes = _described(photos, root, root, None, lists)
        return YoloSet(classes, splits, 0, notes)
    return YoloSet(classes, _splits_of_folders(photos, root), 0, ())


def _splits_of_folders(photos: PhotoNames, root: Path) -> dict[str, str | None]:
    """Return the split of each photo, by its folder, in a set whose description has no splits.

    If photos below folders `images` have label files, pictures elsewhere, such as masks or training
    plots, belong to the set only if they have one of their own; else they would be background.
    """
    there = TextsOfSet(root)
    texts = {name: there.of(name) for name in photos.names}
    of_images = {text for name, text in texts.items() if text and is_in_images(name)}
    return {
        name: split_of_path(PurePosixPath(name))
        for name, text in texts.items()
        if not of_images or is_in_images(name) or (text and text not in of_images)
    }


def _is_list(file: Path, photos: PhotoNames) -> bool:
    """Return whether a text file lists a split; `test1.txt` may also be a photo's label file."""
    if split_of_name(file.stem) is None:
        return False
    return not (photos.all_with_stem(file.stem) or begins_with_object(file))


def _read_yaml(file: Path) -> dict:
    data = read_yaml(file, "correct it, or export it again in UTF-8")
    if not isinstance(data, dict):
        raise InputError(f"{file}: top level: no keys; give names and train, val, test")
    return data


def _names_in_yaml(data: dict, file: Path) -> list[str] | None:
    names, count = data.get("names"), data.get("nc")
    if isinstance(names, dict):
        numbered = {str(key): name for key, name in names.items()}  # people quote the numbers
        if set(numbered) != {str(number) for number in range(len(names))}:
            raise InputError(f"{file}: names: keys are not 0..{len(names) - 1}; number them so")
        names = [numbered[str(number)] for number in range(len(names))]
    if names is None and isinstance(count, int):
        if count > MOST_CLASSES:
            raise InputError(f"{file}: nc is above {MOST_CLASSES}; give the number of classes")
        return [f"class_{number}" for number in range(count)]
    if names is None:
        return None
    if not isinstance(names, list):
        raise InputError(f"{file}: names: not a list; give the names of the classes")
    if isinstance(count, int) and count != len(names):
        raise InputError(f"{file}: nc is {count}, but names has {len(names)}; correct one")
    return _checked(names, file)


def _names_in_lists(root: Path, description: Path | None) -> list[str] | None:
    """Return the names in the list of a set and in every `classes.txt` among its label files.

    Raises:
        InputError: two lists differ, so a number would mean different classes.
    """
    files = [*([description] if description else []), *_lists_below(root)]
    names = [_listed_names(file) for file in files]
    for file, found in zip(files, names, strict=True):
        if found != names[0]:
            raise _differ(file, files[0])
    return names[0] if names else None


def _refuse_other_order(names: list[str], description: Path, root: Path) -> None:
    """Refuse a `classes.txt` in which a number means a different class than in the description."""
    for file in _lists_below(root):
        pairs = zip(map(plain_name, names), map(plain_name, _listed_names(file)), strict=False)
        if any(one != other for one, other in pairs):
            raise _differ(file, description)


def _lists_below(root: Path) -> list[Path]:
    return [file for file in files_below(root, {".txt"}) if file.name.lower() == "classes.txt"]


def _differ(file: Path, other: Path) -> InputError:
    return InputError(
        f"{file}: its names or their order differ from {other}; number the classes alike in all "
        "label files and keep one list"
    )


def _listed_names(file: Path) -> list[str]:
    """Return the names in a list, whose lines are classes from 0."""
    lines = "\n".join(line.strip() for line in read_lines(file)).rstrip().split("\n")
    if "" in lines[:-1]:
        raise InputError(
            f"{file}: line {lines.index('') + 1}: names: a class has no name; give it, or remove "
            "the line if the label files do not count it"
        )
    return _checked(lines, file)


def _checked(names: Sequence[object], file: Path) -> list[str]:
    """Return the names of classes as text; in YAML they may be numbers."""
    if not names:
        raise InputError(f"{file}: names: no class has a name; give each one")
    checked: dict[str, None] = {}
    for label, name in enumerate(names):
        text = "" if name is None or isinstance(name, (list, dict)) else str(name)
        if fault := fault_of_name(text):
            raise InputError(f"{file}: names: class {label}: {name!r} {fault}")
        if text in checked:
            raise InputError(f"{file}: names: {text!r} occurs twice; rename one")
        checked[text] = None
    return list(checked)


def _keypoints(data: dict) -> int:
    """Return how many numbers the keypoints of an object have, from `kpt_shape: [17, 3]`."""
    match data.get("kpt_shape"):
        case [int(points), int(numbers)]:
            return points * numbers
    return 0


def _described(
    photos: PhotoNames, root: Path, file: Path, base: object, entries: dict[str, list]
) -> tuple[dict[str, str | None], tuple[str, ...]]:
    """Return the split of each photo that the entries name, and notes."""
    claims: dict[str, set[str]] = {}
    absent = []
    for key, named in entries.items():
        for entry in named:
            places = _places(root, str(base or ""), str(entry))
            if not places:
                absent.append(f"{key} ({entry})")
            for photo in (one for place in places for one in _photos_at(place, root, photos)):
                claims.setdefault(photo, set()).add(plain_split(key))
    if not claims:
        where = ", ".join(absent) or "nothing"
        raise InputError(
            f"{file}: no photo is below {root} where it names {where}; put it next to the folders "
            "of photos that train, val and test name"
        )
    splits: dict[str, str | None] = {
        photo: " and ".join(split for split in SPLITS if split in claims[photo])
        for photo in sorted(claims)
    }
    several = sum(len(of_photo) > 1 for of_photo in claims.values())
    if several and len(set(splits.values())) == 1:
        splits = dict.fromkeys(splits)
    return splits, (*_notes(absent, several), *photos.notes())


def _notes(absent: list[str], several: int) -> Iterator[str]:
    if absent:
        places = counted(len(absent), "place is", "places are")
        yield f"{places} named but absent: {', '.join(absent)}"
    if several:
        one = "photo is listed in several splits; no split is used for it"
        yield counted(
            several, one, "photos are listed in several splits; no split is used for them"
        )


def _places(root: Path, base: str, entry: str) -> list[Path]:
    """Return what an entry means below the root: a folder, photo or list, or all of a pattern.

    Paths are often from another machine (`/content/set/train/images`) or start with `..`, as in
    Roboflow's exports, so the longest tail that exists is taken; a relative entry is not shortened.
    """
    folders = [*_parts(base), *_parts(entry)]
    is_absolute = bool(re.match(r"[/\\]|[A-Za-z]:", entry))
    shortest = 1 if is_absolute else max(1, len(_parts(entry)))
    for start in range(len(folders) - shortest + 1):
        place = root.joinpath(*folders[start:])
        if place.exists():
            return [place]
        pattern = "/".join(folders[start:])
        if glob.has_magic(pattern) and (found := glob.glob(pattern, root_dir=root, recursive=True)):
            return _of_pattern([root / name for name in sorted(found)])
    return [] if _parts(entry) else [root]


def _of_pattern(found: list[Path]) -> list[Path]:
    """Return the folders and photos that match a pattern, or if there are none, the lists.

    A pattern such as `images/*` also matches label files next to photos, which are not lists.
    """
    return [place for place in found if place.is_dir() or is_photo(place)] or found


def _parts(path: str) -> list[str]:
    return [part for part in re.split(r"[/\\]", path) if part not in ("", ".", "..")]


def _photos_at(place: Path, root: Path, photos: PhotoNames) -> Iterable[str]:
    """Return the photos in a folder and its subfolders, a single photo, or the photos in a list."""
    below = place.relative_to(root).as_posix()
    if place.is_dir():
        return [name for name in photos.names if below == "." or name.startswith(f"{below}/")]
    if is_photo(place):
        return [below] if below in photos else []
    return _photos_in_list(place, photos)


def _photos_in_list(file: Path, photos: PhotoNames) -> Iterator[str]:
    for number, line in enumerate(read_lines(file), 1):
        if line.strip():
            photo = photos.find(line.strip())
            if photo is None:
                raise InputError(
                    f"{file}: line {number}: photo {line.strip()!r} is missing below "
                    f"{file.parent}{photos.hint(line.strip())}; add it or remove the line"
                )
            yield photo
