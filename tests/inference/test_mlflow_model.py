"""A model is loaded from a real MLflow store, by its run or by an alias."""

import pytest

from pipeline.errors import InputError
from pipeline.inference.detector import Detector
from pipeline.inference.mlflow_model import is_mlflow_uri
from tests.inference.making import EVERYTHING, detector_of, equal, pixels_of, saved

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return the URI of a store with a model, and the id of its run."""
    from mlflow.tracking import MlflowClient

    root = tmp_path_factory.mktemp("store")
    uri = f"sqlite:///{root / 'mlflow.db'}"
    client = MlflowClient(uri)
    experiment = client.create_experiment("e", artifact_location=(root / "mlruns").as_uri())
    run_id = client.create_run(experiment).info.run_id
    client.log_artifacts(run_id, str(saved(root / "saved", "ssd_fpn")), "model")
    client.log_text(run_id, "nothing", "notes/nothing.txt")
    client.create_registered_model("ladder")
    client.create_model_version("ladder", f"{client.get_run(run_id).info.artifact_uri}/model")
    client.set_registered_model_alias("ladder", "champion", "1")
    return uri, run_id


@pytest.mark.parametrize(
    "source", ["runs:/RUN/model", "models:/ladder@champion", "models:/ladder/1"]
)
def test_a_model_of_the_store_detects(store, source):
    uri, run_id = store
    detector = Detector.load(
        source.replace("RUN", run_id), device="cpu", decoding=EVERYTHING, tracking_uri=uri
    )
    photo = pixels_of(60, 40)
    assert equal(detector.predict([photo])[0], detector_of("ssd_fpn").predict([photo])[0])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("models:/ladder@nobody", r"^models:/ladder@nobody: not in the MLflow .*; see ladder ui$"),
        ("models:/bbox@champion", r"not in the MLflow .*; make one: ladder promote bbox$"),
        ("runs:/RUN/absent", "absent: not in the MLflow store"),
        ("runs:/RUN/notes", r"notes: has no model\.json in it"),
    ],
)
def test_what_is_not_there_is_told_in_one_line(store, source, message):
    uri, run_id = store
    with pytest.raises(InputError, match=message) as error:
        Detector.load(source.replace("RUN", run_id), tracking_uri=uri)
    assert "\n" not in str(error.value)


def test_uris_are_told_from_folders():
    assert is_mlflow_uri("models:/a@b") and is_mlflow_uri("runs:/1/model")
    assert not is_mlflow_uri("models/ssd_fpn") and not is_mlflow_uri("runs")
