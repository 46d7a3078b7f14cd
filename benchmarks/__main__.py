"""`python -m benchmarks [TOPIC ...]`: measure, save the figures, and render docs/performance.md."""

import argparse
import importlib
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

from benchmarks.measure import machine, measure_setting, run_once
from benchmarks.report import write_report
from benchmarks.topic import Topic

RESULTS = Path("benchmarks/results")
REPORT = Path("docs/performance.md")
TOPICS = (
    "tables",
    "pixels",
    "batches",
    "train_step",
    "frozen",
    "choices",
    "ssd_loss",
    "voc_ap",
    "nms",
    "forward",
    "label",
    "noop",
)


def main() -> None:
    """Run the topics named on the command line, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=main.__doc__)
    parser.add_argument("topics", metavar="TOPIC", nargs="*", help=", ".join(TOPICS))
    parser.add_argument("--once", nargs=2, metavar=("SETTING", "CASE"), help="run one case once")
    options = parser.parse_args()
    unknown = set(options.topics) - set(TOPICS)
    if unknown:
        parser.error(f"no such topic: {', '.join(sorted(unknown))}; there are {', '.join(TOPICS)}")
    if options.once:
        run_once(find_topic(options.topics[0]).settings, *options.once)
        return
    topics = options.topics or TOPICS
    if len(topics) > 1:  # threads and allocator of one topic are not to be another's
        for name in topics:
            subprocess.run([sys.executable, "-m", "benchmarks", name], check=True)
    else:
        measure_topic(topics[0])
        write_report(REPORT, [(each, find_topic(each)) for each in TOPICS], RESULTS)
    print(REPORT)


def find_topic(name: str) -> Topic:
    """Return the topic of the file benchmarks/NAME.py."""
    return importlib.import_module(f"benchmarks.{name}").TOPIC


def measure_topic(name: str) -> None:
    """Measure every setting of a topic and write benchmarks/results/NAME.json."""
    settings = [measure_setting(name, setting) for setting in find_topic(name).settings]
    result = {"date": date.today().isoformat(), "machine": machine(), "settings": settings}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
