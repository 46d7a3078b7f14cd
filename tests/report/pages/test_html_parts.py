"""Parts of a page: names are escaped, bars are to scale, nothing divides by zero."""

import base64
import io

from PIL import Image

from pipeline.report.pages.html_parts import (
    Section,
    bars,
    embedded_picture,
    heat_map,
    name,
    page,
    table,
)


def test_bars_of_nothing():
    assert bars([]) == '<div class="bars"></div>'
    assert "width" not in bars([("none", (0, 0))])


def test_the_longest_bar_fills_its_row():
    html = bars([("a", (30, 10)), ("b", (10,))], ("train", "val"))
    assert [f"width:{share}%" in html for share in ("75.00", "25.00")] == [True, True]
    assert html.count("width:25.00%") == 2  # val of a, train of b
    assert ">40</span>" in html and ">train</span>" in html and ">test</span>" not in html


def test_a_heat_map_without_counts_and_with_one():
    assert "<rect" not in heat_map([[0, 0], [0, 0]])
    assert 'x="1" y="0"' in heat_map([[0, 3], [0, 0]])
    assert heat_map([[2, 1], [0, 0]]).count('fill-opacity="0.500"') == 1


def test_names_are_no_html():
    assert name("<b>") == "<bdi>&lt;b&gt;</bdi>"
    assert "<td>&lt;i&gt;</td>" in table(("", "n"), [("a", "<i>")])
    assert "<title>&lt;x&gt;</title>" in page("<x>", "", [Section("a", "A & B", "")])


def test_a_picture_is_inside_no_larger_than_a_screen_and_its_caption_is_no_html(tmp_path):
    for stem, size in (("small", (20, 10)), ("large", (2800, 100))):
        Image.new("RGBA", size).save(tmp_path / f"{stem}.png")
    small = embedded_picture(tmp_path / "small.png", "<a>")
    address = small.partition("base64,")[2].partition('"')[0]
    with Image.open(io.BytesIO(base64.b64decode(address))) as picture:
        assert (picture.format, picture.size) == ("WEBP", (20, 10))
    assert "<figcaption>&lt;a&gt;</figcaption>" in small and 'alt="&lt;a&gt;"' in small
    large = embedded_picture(tmp_path / "large.png", "a")
    assert 'width="1400" height="50"' in large
