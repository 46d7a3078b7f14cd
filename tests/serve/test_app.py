"""The application over HTTP: what is sent, in all its forms, and what comes back."""

import base64
import io
import json
import socket
import time

import pytest
from PIL import Image

from tests.inference.making import CLASSES, pixels_of
from tests.serve.making import (
    FEW,
    MIN_SCORE,
    MULTIPART,
    Running,
    encoded,
    huge_png,
    multipart,
    running,
    service_of,
    small_detector,
)
from tests.serve.test_metrics import metrics_of, value


def expected(served: Running, photo: bytes, min_score: float = MIN_SCORE) -> list[dict]:
    """Return what the detector alone finds in a photo, in the form of the JSON."""
    [found] = served.service.served.detector.predict([Image.open(io.BytesIO(photo))])
    kept = found.above(min_score)
    return [
        {"label": name, "score": round(float(score), 4), "box": [round(side, 2) for side in box]}
        for name, score, box in zip(kept.names, kept.scores, kept.boxes.tolist(), strict=True)
    ]


def as_json(*photos: bytes) -> bytes:
    return json.dumps({"photos": [base64.b64encode(one).decode() for one in photos]}).encode()


def test_one_photo_as_the_body(served: Running) -> None:
    photo = encoded("PNG")
    answer = served.predict(photo, "image/png")
    detections = expected(served, photo)
    assert answer.status == 200 and detections
    assert answer.json == {
        "photos": [{"name": "photo 1", "width": 60, "height": 40, "detections": detections}]
    }


@pytest.mark.parametrize("field", ["photos", "file"])
def test_several_photos_as_files_of_any_field(served: Running, field: str) -> None:
    photos = {"ä b.png": encoded("PNG"), "c.png": encoded("PNG", (30, 50))}
    answer = served.predict(multipart(photos, field), MULTIPART)
    assert answer.status == 200
    told = answer.json["photos"]
    assert [(one["name"], one["width"], one["height"]) for one in told] == [
        ("ä b.png", 60, 40),
        ("c.png", 30, 50),
    ]
    wanted = [expected(served, photo) for photo in photos.values()]
    assert [one["detections"] for one in told] == wanted


def test_photos_as_json(served: Running) -> None:
    photos = encoded("PNG"), encoded("PNG", (30, 50))
    answer = served.predict(as_json(*photos), "application/json; charset=utf-8")
    assert [one["detections"] for one in answer.json["photos"]] == [
        expected(served, photo) for photo in photos
    ]


@pytest.mark.parametrize(("query", "score"), [("?min_score=0", 0.0), ("?min_score=0.54", 0.54)])
def test_another_score_is_asked_for(served: Running, query: str, score: float) -> None:
    photo = encoded("PNG")
    [answer] = served.predict(photo, "image/png", query).json["photos"]
    assert answer["detections"] == expected(served, photo, score)
    assert answer["detections"] != expected(served, photo)


@pytest.mark.parametrize("score", ["-1", "1", "nan", "much"])
def test_a_score_that_is_none_is_told_in_one_line(served: Running, score: str) -> None:
    answer = served.predict(encoded(), "image/jpeg", f"?min_score={score}")
    assert answer.status == 422
    assert answer.json["error"].startswith("min_score: Input should be ")


def test_a_misspelled_option_is_not_passed_over(served: Running) -> None:
    answer = served.predict(encoded(), "image/jpeg", "?min_scor=0.3")
    assert answer.status == 422 and answer.json["error"].startswith("min_scor: Extra inputs")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "JPEG2000"])
def test_every_kind_of_photo(served: Running, kind: str) -> None:
    [answer] = served.predict(encoded(kind), "application/octet-stream").json["photos"]
    assert (answer["width"], answer["height"]) == (60, 40)


def test_a_photo_that_exif_turns_is_as_a_viewer_shows_it(served: Running) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = Image.fromarray(pixels_of(60, 40)).transpose(Image.Transpose.ROTATE_270)
    buffer = io.BytesIO()
    upright.save(buffer, "PNG")
    [answer] = served.predict(encoded("PNG", exif=exif), "image/png").json["photos"]
    assert (answer["width"], answer["height"]) == (40, 60)
    assert answer["detections"] == expected(served, buffer.getvalue())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_a_moving_picture_the_first_frame(served: Running, kind: str) -> None:
    frames = [Image.fromarray(pixels_of(60, 40, seed)) for seed in range(3)]
    still, moving = io.BytesIO(), io.BytesIO()
    lossless = {"lossless": True} if kind == "WEBP" else {}
    frames[0].save(still, kind, **lossless)
    frames[0].save(moving, kind, save_all=True, append_images=frames[1:], **lossless)
    assert moving.tell() > still.tell()
    answers = [served.predict(one.getvalue(), "image/gif").json for one in (still, moving)]
    assert answers[0] == answers[1]
    assert answers[0] != served.predict(encoded(kind, (60, 41)), "image/gif").json


@pytest.mark.parametrize("mode", ["CMYK", "L"])
def test_a_jpeg_of_other_colours(served: Running, mode: str) -> None:
    buffer = io.BytesIO()
    Image.fromarray(pixels_of(60, 40)).convert(mode).save(buffer, "JPEG")
    assert served.predict(buffer.getvalue(), "image/jpeg").json["photos"][0]["width"] == 60


@pytest.mark.parametrize(
    ("photo", "status", "reason"),
    [
        (b"no photo", 422, "photo 1: not a photo of a known kind; send JPEG, "),
        (encoded("PNG")[:300], 422, "photo 1: does not decode ("),
        (encoded()[:200], 422, "photo 1: "),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 422, "photo 1: not a photo of"),
        (huge_png(30000, 30000), 413, "photo 1: has far too many pixels; send at most 1 million"),
        (huge_png(1001, 1000), 413, "photo 1: is 1001 x 1000 pixels; send at most 1 million"),
        (b"", 422, "the request has no photo in it; send one or more"),
    ],
)
def test_one_photo_that_is_none(served: Running, photo: bytes, status: int, reason: str) -> None:
    answer = served.predict(photo, "image/jpeg")
    assert (answer.status, answer.json["error"][: len(reason)]) == (status, reason)
    assert "\n" not in answer.json["error"] and "/tmp" not in answer.json["error"]


def test_a_broken_photo_among_others(served: Running) -> None:
    good = encoded("PNG")
    photos = {"a.png": good, "b.png": b"", "c.png": huge_png(9000, 9000), "d.png": good}
    answer = served.predict(multipart(photos), MULTIPART)
    assert answer.status == 200
    first, empty, huge, last = answer.json["photos"]
    assert empty == {"name": "b.png", "error": "is empty; send the photo's file"}
    assert huge["error"] == "is 9000 x 9000 pixels; send at most 1 million"
    assert first["detections"] == last["detections"] == expected(served, good)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the request has no photo in it"),
        (b"{", "not JSON ("),
        (b"[" * 5000 + b"]" * 5000, "more than 6 photos, or JSON of another shape"),
        (b'{"photos": "abcd"}', "JSON of another shape; send"),
        (b'{"photos": []}', "the request has no photo in it"),
        (b'{"photos": ["abc"]}', "photo 1: not base64 ("),
        (b'{"photos": [7]}', "photo 1: not a string of base64; send"),
    ],
)
def test_json_that_is_wrong(served: Running, body: bytes, reason: str) -> None:
    answer = served.predict(body, "application/json")
    assert (answer.status, answer.json["error"][: len(reason)]) == (422, reason)


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded"])
def test_a_type_that_holds_no_photos(served: Running, kind: str) -> None:
    answer = served.predict(encoded(), kind)
    assert answer.status == 415
    assert answer.json["error"].startswith(f"Content-Type: {kind or 'none'}: unknown; use multi")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/predict", 405), ("GET", "/nothing", 404), ("GET", "/docs", 404)],
)
def test_a_path_that_is_not_there(served: Running, method: str, path: str, status: int) -> None:
    answer = served.ask(method, path)
    assert answer.status == status
    assert "there are GET /, /health, /metrics" in answer.json["error"]


@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/openapi.json"])
def test_the_head_of_an_answer_alone(served: Running, path: str) -> None:
    head, whole = served.ask("HEAD", path), served.ask("GET", path)
    assert head.status == 200 and head.text == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_too_many_photos(served: Running) -> None:
    photos = [encoded()] * (FEW.photos + 1)
    named = {f"{number}.jpg": photo for number, photo in enumerate(photos)}
    assert served.predict(multipart(named), MULTIPART).status == 413
    assert served.predict(as_json(*photos), "application/json").status == 413


def test_health_says_what_is_served(served: Running) -> None:
    answer = served.ask("GET", "/health")
    assert answer.status == 200
    assert answer.json | {"status": "ok", "rung": "ssd_fpn", "digest": "f" * 64} == answer.json
    assert answer.json["scores"] == dict.fromkeys(CLASSES, MIN_SCORE)


def test_the_description_for_tools(served: Running) -> None:
    described = served.ask("GET", "/openapi.json").json
    predict = described["paths"]["/predict"]["post"]
    assert set(predict["requestBody"]["content"]) >= {"multipart/form-data", "application/json"}
    assert set(predict["responses"]) == {"200", "408", "413", "415", "422", "503"}


def test_a_client_that_breaks_off_is_no_bug(
    served: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    name = 'ladder_requests_total{path="/predict",status="400"}'
    before = value(metrics_of(served), name)
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        head = "POST /predict HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n"
        connection.sendall(head.encode() + b"Content-Type: image/png\r\n\r\nabc")
        while not served.service.slots.taken:
            time.sleep(0.01)
    while value(metrics_of(served), name) == before:
        time.sleep(0.01)
    assert served.service.slots.taken == 0
    assert "Traceback" not in capfd.readouterr().err


def test_a_bug_is_told_without_its_traceback(capfd: pytest.CaptureFixture[str]) -> None:
    detector = small_detector()
    del detector.engine  # what runs the network
    with running(service_of(detector)) as server:
        answer = server.predict(encoded(), "image/jpeg")
        assert (answer.status, answer.json) == (
            500,
            {"error": "the server failed; its log says why"},
        )
        assert server.ask("GET", "/health").status == 200
    assert "Traceback" in capfd.readouterr().err  # whoever runs the server sees it
