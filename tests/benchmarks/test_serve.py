"""The benchmark of serving asks a real server, counts failures, and tells percentiles."""

from benchmarks import serve
from benchmarks.photos import painted
from tests.serve.making import running, service_of, small_detector


def test_percentiles_by_hand():
    times = [number / 1000 for number in range(1, 102)]
    assert serve.figures(times, 2.0, 0) == {
        "p50_ms": 51.0,
        "p95_ms": 96.0,
        "photos_per_second": 50.5,
        "failed": 0,
    }


def test_every_photo_is_asked_about_and_a_broken_one_fails(tmp_path):
    paths, _ = painted(5, tmp_path, side=64)
    photos = [path.read_bytes() for path in paths] + [b"broken"]
    service = service_of(small_detector())
    with running(service) as server:
        told = serve.ask_all(server.port, photos, 2)
        assert told["failed"] == 1 and told["p95_ms"] >= told["p50_ms"] > 0
        assert service.metrics.photos.labels("answered")._value.get() == 5


def test_a_server_that_is_gone_fails_every_request():
    with running(service_of(small_detector())) as server:
        port = server.port
    assert serve.ask_all(port, [b"a", b"b"], 1)["failed"] == 2
