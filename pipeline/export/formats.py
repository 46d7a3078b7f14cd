"""The files that a rung can become."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.export.onnx_file import save_onnx, to_onnx, write_onnx
from pipeline.export.openvino_file import write_openvino
from pipeline.export.program import Program
from pipeline.export.program_file import write_program
from pipeline.export.suppression import with_suppression
from pipeline.formats.voc.files import root_name
from pipeline.inference.engines.description import Description

_OPENVINO = "net"  # the root of its XML

Write = Callable[[Program, Description, Path], None]


@dataclass(frozen=True)
class ExportFormat:
    """One kind of file.

    Attributes:
        ending: of the file, after the name of the rung.
        suppressed: whether its outputs are detections, else the network's.
        write: makes the file; None for one that needs photos, too.
    """

    ending: str
    suppressed: bool = False
    write: Write | None = None

    @property
    def suffix(self) -> str:
        """The suffix by which the file is recognised."""
        return "." + self.ending.rpartition(".")[2]


def write_suppressed(program: Program, description: Description, path: Path) -> None:
    """Write an ONNX file with suppression inside."""
    save_onnx(with_suppression(to_onnx(program), description), description, path)


EXPORT_FORMATS = {
    "onnx": ExportFormat(".onnx", write=write_onnx),
    "onnx-nms": ExportFormat("-nms.onnx", suppressed=True, write=write_suppressed),
    "openvino": ExportFormat(".xml", write=write_openvino),
    "openvino-int8": ExportFormat("-int8.xml"),
    "torch": ExportFormat(".pt2", write=write_program),
}


def export_path(folder: Path, rung: str, form: str) -> Path:
    """Return where a rung's file of a format lies."""
    return folder / f"{rung}{EXPORT_FORMATS[form].ending}"


def check_suffix(path: Path, form: str) -> None:
    """Check that a file has a name by which it is recognised.

    Raises:
        InputError: it has another ending, or is a folder.
    """
    suffix = EXPORT_FORMATS[form].suffix
    if path.suffix != suffix:
        raise InputError(f"--out {path}: a file of --format {form} must end in {suffix}")
    if path.is_dir():
        raise InputError(f"--out {path}: is a folder; name the file to write")


def check_out(path: Path) -> None:
    """Check that nobody's file is replaced by an exported one.

    Raises:
        InputError: a file of that name is not of OpenVINO, such as labels in XML.
    """
    if path.suffix != ".xml":
        return
    network = root_name(path) == _OPENVINO
    for file in (path, path.with_suffix(".bin")):
        if file.exists() and not network:
            raise InputError(f"--out {file}: is not a network of OpenVINO; name another file")
