"""What Prometheus reads."""

from pipeline.serve.metrics import Metrics
from tests.serve.making import MULTIPART, Running, encoded, multipart


def value(text: str, name: str) -> float:
    """Return the value of one line of metrics; 0 if there is none."""
    lines = [line.rpartition(" ") for line in text.splitlines()]
    return next((float(number) for start, _, number in lines if start == name), 0.0)


def metrics_of(server: Running) -> str:
    answer = server.ask("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text.decode()


def test_two_servers_count_for_themselves() -> None:
    one, other = Metrics(), Metrics()
    one.photos.labels("answered").inc()
    name = 'ladder_photos_total{outcome="answered"}'
    assert [value(each.text().decode(), name) for each in (one, other)] == [1, 0]


def test_requests_photos_and_boxes_are_counted(served: Running) -> None:
    before = metrics_of(served)
    photos = {"a.png": encoded("PNG"), "b.png": b"broken"}
    answer = served.predict(multipart(photos), MULTIPART, "?min_score=0")
    boxes = answer.json["photos"][0]["detections"]
    served.predict(b"broken", "image/png")
    after = metrics_of(served)

    def more(name: str) -> float:
        return value(after, name) - value(before, name)

    assert more('ladder_requests_total{path="/predict",status="200"}') == 1
    assert more('ladder_requests_total{path="/predict",status="422"}') == 1
    assert more('ladder_photos_total{outcome="answered"}') == 1
    assert more('ladder_photos_total{outcome="refused"}') == 2
    labels = {box["label"] for box in boxes}
    assert sum(more(f'ladder_detections_total{{label="{label}"}}') for label in labels) == 5
    assert more("ladder_predict_seconds_count") == 2
    assert more("ladder_batch_photos_sum") == more("ladder_batch_seconds_count") == 1
    assert value(after, "ladder_waiting_photos") == 0
    assert value(after, "process_resident_memory_bytes") > 0
