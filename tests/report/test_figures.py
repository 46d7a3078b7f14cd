import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pipeline.report.figures import class_color, luminance, save_png


def figure_of(text):
    figure = Figure(figsize=(2, 1))
    figure.text(0.1, 0.5, text)
    return figure


def test_png_has_the_size_asked_for_and_tells_nothing_of_its_origin(tmp_path):
    save_png(figure_of("a"), tmp_path / "new" / "a.png", dpi=50)
    with Image.open(tmp_path / "new" / "a.png") as picture:
        assert picture.size == (100, 50)
        assert "Software" not in picture.info
        assert np.asarray(picture.convert("L")).min() < 100  # the letter
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.png"]


def test_equal_figures_give_equal_bytes(tmp_path):
    for name, text in (("a", "same"), ("b", "same"), ("c", "other")):
        save_png(figure_of(text), tmp_path / name)
    first, second, third = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == second != third


def test_a_figure_that_cannot_be_drawn_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    with pytest.raises(ValueError, match="frac"):
        save_png(figure_of(r"$\frac$"), path)
    assert path.read_bytes() == b"old"


def test_colours_carry_black_text_and_differ_from_class_to_class():
    colors = [class_color(label) for label in range(-1, 20)]
    assert all(luminance(color) >= 0.54 for color in colors)
    distances = np.abs(np.array(colors)[:, None] - np.array(colors)).sum(-1)
    assert distances[~np.eye(21, dtype=bool)].min() > 0.05
    assert np.diff(colors, axis=0).__abs__().sum(-1).min() > 0.5  # neighbours differ clearly


def test_figures_need_no_pyplot_and_no_torch():
    program = (
        "import sys, pipeline.report.photo_grid, pipeline.report.curves\n"
        "import pipeline.report.charts\n"
        "print([m for m in ('matplotlib.pyplot', 'torch') if m in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert said.stdout.strip() == "[]", said.stderr
