"""`python -m tests.faults.label_kills`: kill -9 `ladder label` at random moments, again and again.

Every round labels the same photos in a new job, is killed a few times, and must end with the same
files, byte by byte, as the one run that nobody disturbed.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from commands import main as ladder
from pipeline.labelling.files import digest_of
from tests.conftest import ROOT
from tests.forked import FORK_SERVER

FORMATS = ("pascal", "voc", "parquet")
SCORE = "0.012"  # above which random weights find some boxes in a photo, too
_KILLS = 3  # at most, in a round
_COMPLETE = (0, 1)  # exit codes; 1 where a photo does not decode


def make_photos(folder: Path, number: int) -> None:
    """Write small JPEGs and, where there are more than ten, one file that is none."""
    folder.mkdir(parents=True)
    random_pixels = np.random.default_rng(1)
    for at in range(number):
        coarse = Image.fromarray(random_pixels.integers(0, 256, (5, 7, 3), np.uint8))
        coarse.resize((60 + at % 9, 40)).save(folder / f"{at:06d}.jpg")
    if number > 10:
        (folder / "000007.jpg").write_bytes(b"\xff\xd8\xff damaged")


def command(photos: Path, model: Path, out: Path) -> list[str]:
    """Return the arguments of `ladder` that label the photos into files of the folder `out`."""
    formats = [word for name in FORMATS for word in ("--format", name)]
    words = ["label", str(photos), "--model", str(model), "--out", str(out / "labels.json")]
    return [*words, "--score", SCORE, *formats]


def start(words: Sequence[str]) -> BaseProcess:
    """Start `ladder label` in a process of its own."""
    process = FORK_SERVER.Process(target=_label, args=(words,))
    process.start()
    return process


def _label(words: Sequence[str]) -> None:
    os.chdir(ROOT)  # which has the parameters
    sys.stdout = sys.stderr = open(os.devnull, "w")
    ladder.main(words)


def clean_run(words: Sequence[str]) -> float:
    """Run to the end, and return the seconds that it took."""
    Path(words[words.index("--out") + 1]).parent.mkdir(parents=True, exist_ok=True)
    begin = time.monotonic()
    process = start(words)
    process.join()
    if process.exitcode not in _COMPLETE:
        told = f"a run that nobody disturbed ended with {process.exitcode}"
        raise SystemExit(f"{told}: {' '.join(words)}")
    return time.monotonic() - begin


class Moment(NamedTuple):
    """When to kill a run: so many seconds after it has written so many files of its job.

    Seconds from the start would tell how busy the machine is: a run beside less work than the clean
    one had ends before they are over.
    """

    files: int
    seconds: float


def random_moment(choose: random.Random, files: int, seconds: float) -> Moment:
    """Return a moment of a job that takes so many seconds, and writes most files at its end."""
    written = round(files ** choose.random()) - 1
    return Moment(written, choose.uniform(0, seconds / (written + 2)))


def killed_run(words: Sequence[str], out: Path, moments: Sequence[Moment]) -> int:
    """Kill a run at each of these moments, then run to the end; return the number of kills."""
    kills = 0
    for moment in moments:
        process = start(words)
        while process.is_alive() and len(files_of(out)) < moment.files:
            time.sleep(0.02)
        process.join(moment.seconds)
        if process.is_alive():
            process.kill()
            kills += 1
        process.join()
    clean_run(words)
    return kills


def files_of(out: Path) -> list[Path]:
    """Return the files of a job, without its lock; also while the job is at work on them."""
    found = (Path(folder, name) for folder, _, names in os.walk(out) for name in names)
    return sorted(path for path in found if path.name != ".lock")


def digests(out: Path) -> dict[str, str]:
    """Return the digest of every file of a job by its path."""
    return {path.relative_to(out).as_posix(): digest_of(path) for path in files_of(out)}


def play(
    photos: Path, model: Path, rounds: int, folder: Path, seed: int = 0
) -> list[tuple[int, list[str]]]:
    """Return for each round the number of kills and the files that differ from a clean run's."""
    choose = random.Random(seed)
    seconds = clean_run(command(photos, model, folder / "clean"))
    clean = digests(folder / "clean")
    print(f"a clean run: {seconds:.1f} s, {len(clean)} files", flush=True)
    results = []
    for number in range(1, rounds + 1):
        out = folder / "killed"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        moments = sorted(
            random_moment(choose, len(clean), seconds) for _ in range(choose.randint(1, _KILLS))
        )
        kills = killed_run(command(photos, model, out), out, moments)
        killed = digests(out)
        wrong = sorted(name for name in clean | killed if clean.get(name) != killed.get(name))
        told = ", ".join(f"{one.seconds:.2f} s after {one.files}" for one in moments)
        verdict = f"differs: {', '.join(wrong[:5])}" if wrong else "the same bytes"
        print(f"round {number}: {kills} kills, {told} files: {verdict}", flush=True)
        results.append((kills, wrong))
    return results


def main() -> None:
    """Play the rounds, a line each, and end with the verdict as exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.label_kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, metavar="N")
    parser.add_argument("--photos", type=int, default=3000, metavar="N")
    parser.add_argument("--model", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="label-kills-") as name:
        photos = Path(name) / "photos"
        make_photos(photos, options.photos)
        results = play(photos, options.model.absolute(), options.rounds, Path(name), options.seed)
    failed = sum(bool(wrong) for _, wrong in results)
    kills = sum(kills for kills, _ in results)
    print(f"{kills} kills in {len(results)} rounds: {failed} ended otherwise than a clean run")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
