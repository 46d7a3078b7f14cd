"""The metrics of a server, for Prometheus."""

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_PHOTOS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = own = CollectorRegistry()
        ProcessCollector(registry=own)
        self.requests = Counter(
            "ladder_requests", "Requests by path and status.", ["path", "status"], registry=own
        )
        self.photos = Counter(
            "ladder_photos", "Photos answered or refused.", ["outcome"], registry=own
        )
        self.detections = Counter(
            "ladder_detections", "Boxes in responses, by class.", ["label"], registry=own
        )
        self.seconds = Histogram(
            "ladder_predict_seconds",
            "From a request's first byte to its response.",
            buckets=_SECONDS,
            registry=own,
        )
        self.waiting = Gauge("ladder_waiting_photos", "Photos not answered yet.", registry=own)
        self.batch_photos = Histogram(
            "ladder_batch_photos", "Photos in a batch.", buckets=_PHOTOS, registry=own
        )
        self.batch_seconds = Histogram(
            "ladder_batch_seconds", "The network's time per batch.", buckets=_SECONDS, registry=own
        )

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self._registry)
