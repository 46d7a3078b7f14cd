"""What a server accepts by default, and how the rest is refused."""

from PIL import Image

from pipeline.serve.limits import Limits, Refused


def test_pillow_decodes_what_is_let_in() -> None:
    assert Limits().photo_pixels < Image.MAX_IMAGE_PIXELS  # from there on it warns


def test_a_request_fits_into_the_queue() -> None:
    assert Limits().photos <= Limits().waiting


def test_a_refusal_is_its_reason() -> None:
    refused = Refused(413, "too large")
    assert (str(refused), refused.status, refused.retry_after) == ("too large", 413, None)
