"""The parameters of the data: sources, splits and the pixel store."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from pipeline.params.section import Count, Fraction, Section, Seed, Side

Format = Literal["auto", "pascal", "voc", "cvat", "yolo", "labelme", "csv", "label-studio"]
SplitRule = Literal["given", "fraction", "lesson"]


def _lies_below(path: Path | str) -> Path | str:
    """Return a path unless it leaves `fetch.path`."""
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError("must lie below fetch.path, which DVC watches as a whole")
    return path


_BELOW = AfterValidator(_lies_below)


class DemoParams(Section):
    """How many photos the painter paints, and their longer side in pixels."""

    photos: Count
    size: Side


class SourceParams(Section):
    """One of several sets of labelled photos that are joined."""

    path: Annotated[Path, _BELOW] = Field(description="of the set, below `fetch.path`")
    format: Format = Field(default="auto", description="of its labels")
    labels: Annotated[str, _BELOW] = Field(
        default="", description="the file with its labels, where there are several"
    )
    split: SplitRule | None = Field(default=None, description="by default that of `fetch.split`")
    role: Literal["truth", "machine"] = Field(
        default="truth", description="labelled by people, or by a model and then all for train"
    )
    teacher: str = Field(default="", description="what labelled it, for the record")


class ClassParams(Section):
    """Which classes are trained and what they are called, as sets use different names."""

    rename: list[tuple[str, str]]  # [old, new]; classes with the same new name are merged
    keep: list[str]  # by their new names; empty keeps all
    drop: list[str]

    @field_validator("rename")
    @classmethod
    def _renames_once(cls, pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
        olds = [old for old, _ in pairs]
        if twice := sorted({old for old in olds if olds.count(old) > 1}):
            raise ValueError(f"renames {', '.join(twice)} twice; keep one pair of each")
        return pairs


class FetchParams(Section):
    """Where labelled photos come from and how they are split."""

    source: Literal["demo", "local", "voc2007", "voc2012"]
    path: Path
    format: Format
    labels: Annotated[str, _BELOW]
    turn: Literal["auto", "exif", "stored"]
    sources: list[SourceParams]
    classes: ClassParams
    split: SplitRule
    val_fraction: Fraction
    test_fraction: Fraction
    seed: Seed
    demo: DemoParams

    @field_validator("test_fraction")
    @classmethod
    def _leaves_photos_for_train(cls, test: float, info: ValidationInfo) -> float:
        if info.data.get("val_fraction", 0) + test >= 1:
            raise ValueError("with val_fraction it leaves nothing for train; lower one of them")
        return test

    @property
    def sets(self) -> list[SourceParams]:
        """The sets to read, at least one, each with its path below `path` and its split."""
        if self.source != "local":
            return [SourceParams(path=Path(), split=self.split)]
        whole = SourceParams(path=Path(), format=self.format, labels=self.labels)
        sets = self.sources or [whole]
        return [one.model_copy(update={"split": one.split or self.split}) for one in sets]


class TablesParams(Section):
    """What to do about photos of train that have a copy in val or test."""

    duplicates: Literal["warn", "drop", "error"]


class PixelParams(Section):
    """The side of the square that every photo is stored as, and the number of photos per file."""

    size: Side
    shard_photos: Count
