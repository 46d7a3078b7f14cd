"""What is wrong with a rung's detections, as pictures and tables: step 7 of the journey."""

from collections.abc import Sequence
from pathlib import Path

from pipeline.evaluate.confusion import confusion_matrix, confusion_rows
from pipeline.evaluate.detections import Detections, Truth
from pipeline.evaluate.error_gains import error_gains
from pipeline.evaluate.error_kinds import KINDS, find_errors
from pipeline.evaluate.size_ap import ap_by_size
from pipeline.report.error_charts import confusion_picture, error_bars
from pipeline.report.plot_csv import write_plot_csv


def write_error_report(
    figures: Path,
    plots: Path,
    truth: Truth,
    detections: Detections,
    *,
    names: Sequence[str],
    lowest_score: float,
    title: str,
) -> None:
    """Write `errors.png` and `confusion.png`, and the same numbers as CSV.

    Args:
        figures: folder of the pictures.
        plots: folder of `errors.csv` (kind, count, d_ap), `ap_by_size.csv` (size, objects, ap) and
            `confusion.csv` (actual, predicted; a row for each object or detection).
        truth: the labelled objects, boxes in pixels of the original photos.
        detections: what was found, of any score.
        names: of the classes, in label order.
        lowest_score: detections below it are not in the confusion matrix.
        title: one line above each picture.
    """
    errors = find_errors(truth, detections, len(names))
    counts = {kind: len(errors.photos(kind)) for kind in KINDS}
    gains = error_gains(errors, len(names))
    sizes = ap_by_size(truth, detections, len(names))
    error_bars(figures / "errors.png", counts, gains, sizes, title)
    write_plot_csv(
        plots / "errors.csv",
        ("kind", "count", "d_ap"),
        [(kind, counts[kind], round(gains[kind], 5)) for kind in KINDS],
    )
    write_plot_csv(
        plots / "ap_by_size.csv",
        ("size", "objects", "ap"),
        [(size.size, size.objects, round(size.ap, 5)) for size in sizes],
    )
    matrix = confusion_matrix(truth, detections, len(names), lowest_score)
    confusion_picture(
        figures / "confusion.png", matrix, names, f"{title}, scores from {lowest_score:g}"
    )
    write_plot_csv(plots / "confusion.csv", ("actual", "predicted"), confusion_rows(matrix, names))
