"""A finished training's checkpoint stays until its result is recorded."""

from pipeline.repair.finished_training import checkpoint_folder, finish, forget, reopen


def test_a_training_that_was_finished_goes_on_from_its_end(tmp_path):
    checkpoint = tmp_path / "a.pt"
    checkpoint.write_text("last epoch")
    finish(checkpoint)
    assert not checkpoint.exists()
    reopen(checkpoint)
    assert checkpoint.read_text() == "last epoch"
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_only_the_last_is_kept_and_what_is_not_finished_stays(tmp_path):
    for name in ("a.pt", "b.pt", "half.pt"):
        (tmp_path / name).write_text(name)
    finish(tmp_path / "a.pt")
    finish(tmp_path / "b.pt")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.finished", "half.pt"]
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["half.pt"]


def test_another_training_does_not_go_on_from_it(tmp_path):
    (tmp_path / "a.pt").write_text("a")
    finish(tmp_path / "a.pt")
    reopen(tmp_path / "b.pt")
    assert not (tmp_path / "b.pt").exists()


def test_nothing_to_finish_or_to_forget(tmp_path):
    finish(tmp_path / "absent" / "a.pt")
    forget(tmp_path / "absent")
    assert list(tmp_path.iterdir()) == []


def test_checkpoints_are_in_the_project_even_from_a_copy_of_it(monkeypatch):
    monkeypatch.setenv("DVC_ROOT", "/project")
    assert checkpoint_folder("bbox").as_posix() == "/project/.ladder/checkpoints/bbox"
