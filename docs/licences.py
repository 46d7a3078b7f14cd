"""`python docs/licences.py`: the licence of every package of requirements.lock that is installed.

With `--copyleft` only those that ask something of who passes them on.
"""

import re
import sys
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements.lock"
COPYLEFT = re.compile(r"GPL|MPL|EPL|Mozilla|General Public|Eclipse", re.I)


def locked_names(text: str) -> list[str]:
    """Return the names of the packages in the text of a lock file, in its order."""
    return re.findall(r"^([\w.-]+)==", text, re.M)


def licence_of(package: PackageMetadata) -> str:
    """Return what a package says of its licence, in its own words, "" for nothing."""
    classifiers = package.get_all("Classifier") or []
    classified = [one.split(" :: ")[-1] for one in classifiers if one.startswith("License ::")]
    free_text = (package.get("License") or "").strip().splitlines()[:1]
    return package.get("License-Expression") or ", ".join(classified or free_text)


def licences() -> dict[str, str]:
    """Return name to licence of the locked packages that are installed."""
    found = {}
    for name in locked_names(LOCK.read_text()):
        try:
            found[name] = licence_of(metadata(name))
        except PackageNotFoundError:  # of another system
            continue
    return found


def main() -> None:
    """Print a line a package."""
    for name, licence in licences().items():
        if "--copyleft" not in sys.argv[1:] or COPYLEFT.search(licence):
            print(f"{name:32} {licence or 'says nothing'}")


if __name__ == "__main__":
    main()
