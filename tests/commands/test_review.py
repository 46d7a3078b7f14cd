"""`ladder review`: a page of labels of a model, beside them."""

from pathlib import Path

import pytest

from commands.review import main
from pipeline.errors import InputError
from pipeline.formats.pascal.writer import write_pascal
from tests.review.making import machine_labels


@pytest.fixture
def labelled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder without a project; return labels of a model beside their photos."""
    monkeypatch.chdir(tmp_path)
    file = Path("new/labels.json")
    write_pascal([machine_labels(file.parent)], file)
    return file


def test_the_page_lies_beside_the_labels(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(labelled)]) == 0
    assert "new/review.html: 3 of 3 photos" in capsys.readouterr().out
    page = Path("new/review.html").read_text()
    assert page.index('"b.jpg"') < page.index('"a.jpg"')


def test_a_model_that_is_not_there_is_named(labelled: Path) -> None:
    with pytest.raises(InputError, match=r"^--model models/nothere: no such folder; name the fol"):
        main([str(labelled), "--model", "models/nothere"])


def test_number_out_and_photos_elsewhere(
    labelled: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("made").mkdir()
    labelled.rename("made/labels.json")
    words = ["made/labels.json", "--photos", "new", "--number", "1", "--out", "made/doubtful.html"]
    assert main(words) == 0
    assert "made/doubtful.html: 1 of 3 photos" in capsys.readouterr().out


def test_labels_of_people_and_absent_photos_are_refused(labelled: Path) -> None:
    Path("empty").mkdir()
    with pytest.raises(InputError, match=r"absent: no such folder; name that of the photos with"):
        main([str(labelled), "--photos", "absent"])
    with pytest.raises(InputError, match=r"photo 'a.jpg' and 2 more are missing below empty"):
        main([str(labelled), "--photos", "empty"])
    Path("empty/labels.json").write_text(labelled.read_text())
    with pytest.raises(InputError, match=r"missing below empty; .*; --photos names their folder$"):
        main(["empty/labels.json"])
    with pytest.raises(InputError, match=r"new/no\.json: no such file; name a file, such as the"):
        main(["new/no.json"])
    with pytest.raises(
        InputError, match=r"new: is a folder; name a file, such as the labels\.json that"
    ):
        main(["new"])
    labelled.write_text(labelled.read_text().replace('"score"', '"skore"'))
    with pytest.raises(InputError, match="none of its boxes has a score; give labels of a model"):
        main([str(labelled)])


def test_it_replaces_nothing_but_its_own_page(
    labelled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main([str(labelled)]) == 0
    assert main([str(labelled)]) == 0
    monkeypatch.setattr("commands.review.review_page", None)  # no page is made in vain
    for out in ("new/labels.json", "new/a.jpg"):
        with pytest.raises(InputError, match=rf"{out}: exists and is not a page of this command"):
            main([str(labelled), "--out", out])
