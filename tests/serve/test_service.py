"""Many clients at once: every photo gets its own response, and excess requests are refused."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from pipeline.inference.detections import Detections
from pipeline.inference.detector import Detector, SizeWh
from pipeline.inference.engines.torch_engine import TorchEngine
from pipeline.inference.photos import Photo
from tests.inference.making import EVERYTHING, spec_of
from tests.serve.making import (
    FEW,
    MULTIPART,
    Answered,
    encoded,
    multipart,
    running,
    service_of,
    small_detector,
    small_model,
)
from tests.serve.test_metrics import metrics_of, value

CLIENTS, REQUESTS = 8, 40


def test_forty_requests_of_eight_clients() -> None:
    photos = [encoded("PNG", (40 + number, 50)) for number in range(REQUESTS)]
    with running(service_of(small_detector(batch_size=4))) as server:

        def ask(photo: bytes) -> Answered:
            return server.predict(photo, "image/png", "?min_score=0")

        alone = [ask(photo) for photo in photos[:5]]
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(ask, photos))
        text = metrics_of(server)
    assert [answer.status for answer in answers] == [200] * REQUESTS
    widths = [answer.json["photos"][0]["width"] for answer in answers]
    assert widths == list(range(40, 40 + REQUESTS))
    for one, same in zip(alone, answers, strict=False):
        [before], [after] = one.json["photos"], same.json["photos"]
        assert [box["label"] for box in before["detections"]] == [
            box["label"] for box in after["detections"]
        ]
        for box, other in zip(before["detections"], after["detections"], strict=True):
            assert box["box"] == pytest.approx(other["box"], abs=0.05)
    assert value(text, "ladder_batch_photos_sum") == REQUESTS + len(alone)
    assert value(text, "ladder_batch_photos_count") < REQUESTS  # some went together
    assert value(text, 'ladder_batch_photos_bucket{le="4.0"}') == value(
        text, "ladder_batch_photos_count"
    )


class Held(Detector):
    """A detector that waits until it may start."""

    def __init__(self) -> None:
        super().__init__(TorchEngine(small_model(), spec_of("ssd_fpn")), decoding=EVERYTHING)
        self.go = threading.Event()

    def predict(
        self, photos: Iterable[Photo], sizes_wh: Iterable[SizeWh] | None = None
    ) -> list[Detections]:
        """Wait, then detect."""
        assert self.go.wait(60)
        return super().predict(photos, sizes_wh)


@pytest.fixture
def held() -> Held:
    return Held()


def wait_for(reached: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(600):
        if reached():
            return
        tick.wait(0.05)
    raise AssertionError("not reached")


def test_a_full_queue_is_told_and_clears_again(held: Held) -> None:
    service = service_of(held, replace(FEW, waiting=3))
    with running(service) as server, ThreadPoolExecutor(2) as clients:
        two = multipart({"a.jpg": encoded(), "b.jpg": encoded()})
        waiting = clients.submit(server.predict, two, MULTIPART)
        wait_for(lambda: service.slots.taken == 2)
        refused = server.predict(two, MULTIPART)
        assert (refused.status, refused.headers["retry-after"]) == (503, "1")
        assert refused.json["error"].startswith("too busy: 3 photos are waiting; send it again")
        last = clients.submit(server.predict, encoded(), "image/jpeg")
        wait_for(lambda: service.slots.taken == 3)
        assert server.predict(encoded(), "image/jpeg").status == 503
        assert server.ask("GET", "/health").json["waiting"] == 3
        held.go.set()
        assert waiting.result(60).status == last.result(60).status == 200
        assert server.predict(encoded(), "image/jpeg").status == 200
    assert service.slots.taken == 0


def test_what_is_in_flight_is_answered_before_the_end(held: Held) -> None:
    service = service_of(held)
    with ThreadPoolExecutor(1) as clients:
        with running(service) as server:
            waiting = clients.submit(server.predict, encoded(), "image/jpeg")
            wait_for(lambda: service.slots.taken == 1)
            threading.Timer(0.3, held.go.set).start()
        assert waiting.result(60).status == 200
    with pytest.raises(ConnectionRefusedError):
        server.ask("GET", "/health")
