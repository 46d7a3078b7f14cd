"""A torch program loads in plain torch, without this project."""

import subprocess
import sys

import numpy as np

from tests.exported_files import exported_file, some_pixels, torch_engine

PLAIN = """
import json, sys
import numpy as np, torch
held = {"detection_ladder.json": ""}
network = torch.export.load(sys.argv[1], extra_files=held).module()
found = network(torch.from_numpy(np.load(sys.argv[2])))
np.save(sys.argv[3], found["boxes"].detach().numpy())
assert not {"pipeline", "timm", "torchvision"} & {name.split(".")[0] for name in sys.modules}
print(json.loads(json.loads(held["detection_ladder.json"])["model"])["rung"])
"""


def test_it_runs_in_plain_torch(tmp_path):
    pixels = some_pixels("ssd_fpn", 3)
    np.save(tmp_path / "pixels.npy", pixels)
    files = [exported_file("ssd_fpn", "torch"), tmp_path / "pixels.npy", tmp_path / "boxes.npy"]
    command = [sys.executable, "-c", PLAIN, *map(str, files)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "ssd_fpn", done.stderr
    expected = torch_engine("ssd_fpn").run(pixels)["boxes"]
    np.testing.assert_allclose(np.load(files[2]), expected, atol=1e-3)
