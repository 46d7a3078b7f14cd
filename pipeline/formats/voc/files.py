"""Finds VOC XML and the photos that belong to it, in the layouts that labelling tools write."""

import re
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path

from pipeline.formats.names import without_case
from pipeline.formats.split_names import split_in_name
from pipeline.formats.text_files import beginning_of
from pipeline.photo_files import (
    files_below,
    is_file,
    is_hidden,
    is_photo,
    photos_below,
    visible_files,
)

_XML = {".xml"}
_OWN = "annotations"
_LABELS = (_OWN, "annotation", "labels", "label")
XML_FOLDERS = ("xml", "xmls")  # other names of its folders
_PHOTOS = ("jpegimages", "images", "image", "imgs", "img", "photos")
_COMMENT = re.compile(rb"<!--.*?-->", re.DOTALL)
_ROOT = re.compile(rb"<([^\s/>!?]+)")
_FIRST = 1 << 16  # bytes to find the root in; a comment may come before it


def voc_files(root: Path) -> tuple[Path, list[Path], Path] | None:
    """Return the folder that messages name, the XML and the folder of photos; None if not VOC.

    XML is in `Annotations` next to a folder of photos (VOC; Kaggle has `annotations` and `images`)
    or in another of `label_folders`, next to the photos themselves (labelImg), or either way in
    folders `train`, `valid`, `test` (Roboflow).
    """
    folders = [folder for folder in sorted(root.iterdir()) if folder.is_dir()]
    photos = _called(folders, _PHOTOS) or root
    if labels := _called(folders, (_OWN,)):
        xml = files_below(labels, _XML)
        is_empty_voc = not xml and (labels.name, photos.name) == ("Annotations", "JPEGImages")
        if is_empty_voc or not all(root_name(file) == "annotations" for file in xml):
            return labels, xml, photos
    others = [folder for folder in label_folders(root, *XML_FOLDERS) if folder.name.lower() != _OWN]
    xml = [file for folder in others for file in files_below(folder, _XML)]
    if any(map(_is_voc, xml)):
        return others[0] if len(others) == 1 else root, xml, photos
    of_splits = [folder for folder in folders if split_in_name(folder.name)]
    beside = _xml_beside_photos(root)
    below = [file for folder in of_splits for file in files_below(folder, _XML)]
    xml = [*beside, *(below if any(map(_is_voc, below)) else [])]
    return (root, xml, root) if xml else None


def _xml_beside_photos(folder: Path) -> list[Path]:
    """Return the VOC XML in a folder and, if there is any, other XML with the name of a photo.

    That is damaged or of another tool; its reader names it, while its photo would be left out.
    """
    there = sorted(folder.iterdir())
    known = set(filter(_is_voc, there))
    photos = {file.stem for file in there if is_photo(file)} if known else set()
    return [file for file in there if file in known or (_is_xml(file) and file.stem in photos)]


def label_folders(root: Path, *more: str) -> list[Path]:
    """Return the folders of a set that have usual names for folders of labels, sorted.

    Names other than `annotations` are used by other formats, too. They count only if photos are
    next to them, and not in them or in a folder within, as they would be a set of their own then.

    Args:
        root: the folder of the set.
        more: further names that the format uses, in lower case.
    """
    there = [one for one in sorted(root.iterdir()) if one.is_dir()]
    own = [one for one in there if one.name.lower() == _OWN]
    names = {*_LABELS, *more} - {_OWN}
    others = [one for one in there if one.name.lower() in names and not _is_set_of_its_own(one)]
    return sorted([*own, *others]) if others and _has_photos(root) else own


def _is_set_of_its_own(folder: Path) -> bool:
    """Return whether a folder holds photos, or a folder of photos, besides labels."""
    return bool(_called(folder.iterdir(), _PHOTOS)) or any(map(is_photo, folder.iterdir()))


def _has_photos(root: Path) -> bool:
    """Return whether photos are in a folder, or in one of its folders of photos or splits."""
    there = sorted(root.iterdir())
    places = (one for one in there if one.name.lower() in _PHOTOS or split_in_name(one.name))
    below = (file for place in places for file in visible_files(place))
    return any(map(is_photo, chain(there, below)))


def root_name(file: Path) -> str:
    """Return the name of an XML file's root element without namespace; empty if there is none."""
    match = _ROOT.search(_COMMENT.sub(b"", beginning_of(file, _FIRST)))
    return match[1].decode(errors="replace").rpartition(":")[2] if match else ""


def photos_by_key(photos: Path, root: Path) -> dict[str, list[Path]]:
    """Return the photos of each key; see `key_of`."""
    found: dict[str, list[Path]] = {}
    for photo in photos_below(photos):
        found.setdefault(key_of(photo, root), []).append(photo)
    return found


class PhotosOfSet:
    """The photos of a set by the key that they share with their XML; see `key_of`."""

    def __init__(self, photos: Path, root: Path) -> None:
        """Scan the folder of photos once."""
        self._exact = photos_by_key(photos, root)
        self._alike: dict[str, list[Path]] = {}
        for key, found in self._exact.items():
            self._alike.setdefault(without_case(key), []).extend(found)

    def of_key(self, key: str) -> list[Path]:
        """Return the photos of a key; if none, those that differ only in case or accents."""
        return self._exact.get(key) or self._alike.get(without_case(key), [])


class KeysOfLists:
    """The key of the XML that a line in a list of photos means."""

    def __init__(self, xml: Mapping[str, Path]) -> None:
        """Take the XML of each key."""
        self._xml = xml
        self._by_stem: dict[str, list[str]] = {}
        for key, file in xml.items():
            self._by_stem.setdefault(file.stem, []).append(key)

    def of(self, line: str) -> str:
        """Return the key of the XML that a line means, the line as it is if there is none.

        Lines may have the suffix of the photo and its path in the set. Where they have no folder,
        the only XML with that stem in any folder is meant.
        """
        if line in self._xml:
            return line
        path = Path(line if is_photo(Path(line)) else f"{line}.xml")
        key = line if path.is_absolute() else key_of(path, Path())
        fits = [key] if key in self._xml else self._by_stem.get(key, [])
        return fits[0] if len(fits) == 1 else line


def key_of(file: Path, root: Path) -> str:
    """Return the key that a photo and its XML share: `day1/c` for `Annotations/day1/c.xml`.

    It is the path in the set without the suffix and without folders that name the kind of file.
    Names other than VOC's are dropped only at the front: further in, `label` may be a class.
    """
    *folders, _ = file.relative_to(root).parts
    front = next((at for at, name in enumerate(folders) if not split_in_name(name)), 0)
    if folders and folders[front].lower() in (*_LABELS, *XML_FOLDERS):
        del folders[front]
    kinds = (_OWN, *_PHOTOS)
    return "/".join([*(name for name in folders if name.lower() not in kinds), file.stem])


def _called(folders: Iterable[Path], names: tuple[str, ...]) -> Path | None:
    """Return the folder with the first of these names, in any case."""
    found = {folder.name.lower(): folder for folder in folders}
    return next((found[name] for name in names if name in found), None)


def _is_xml(file: Path) -> bool:
    return file.suffix.lower() in _XML and not is_hidden(file.name) and is_file(file)


def _is_voc(file: Path) -> bool:
    return _is_xml(file) and root_name(file) == "annotation"
