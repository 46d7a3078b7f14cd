"""Recognises Roboflow's root category, which is the project and not a class."""


def roboflow_root(categories: list[dict]) -> dict | None:
    """Return the first category if it is the parent of all others, as in Roboflow's COCO JSON.

    It has id 0 and the supercategory "none", and its name is the supercategory of the others; see
    https://roboflow.com/formats/coco-json.
    """
    root, others = categories[0], categories[1:]
    is_root = root.get("id") == 0 and root.get("supercategory") == "none"
    if is_root and others and all(one.get("supercategory") == root["name"] for one in others):
        return root
    return None


def without_root(categories: list[dict], root: dict) -> list[dict]:
    """Return the other categories."""
    return [one for one in categories if one is not root]


def note_of_root(root: dict) -> str:
    """Return the note for the report."""
    return f"category {root['name']!r} (id 0) is Roboflow's name for the project, not a class"
