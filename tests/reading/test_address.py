"""No secret of an address is shown, whatever its form."""

import pytest

from pipeline.errors import InputError, first_line
from pipeline.reading.address import check_address, public_address, without_secrets
from pipeline.tracking.mlflow_store import naming_store, open_client, probe

SECRET = "s3cr3t"
ODD = ("#", "/", "?", "@", "//", "#?/@", ":", "%23", "@@", "/a/b", " ")
SHAPES = [
    *(f"http://me:{SECRET}{odd}{SECRET}@127.0.0.1:9" for odd in ODD),
    *(f"https://{SECRET}{odd}me:{SECRET}@127.0.0.1:9/mlflow" for odd in ODD),
    *(f"http://127.0.0.1:9{before}{SECRET}" for before in ("?token=", "#", "/?a=1&token=", "/x?")),
    f"http://me:{SECRET}@127.0.0.1:9?token={SECRET}",
    f"http://me:{SECRET}@[::1",
    f"http://me:{SECRET}@[::1]:x/",
    f"http://me:{SECRET}@127.0.0.1:99999",
    f"HTTP://{SECRET}@",
    f"http://me:{SECRET}@",
    f"http://me\udcff:{SECRET}@127.0.0.1:9",
    f"http:///{SECRET}@127.0.0.1:9",
    f"postgresql://me:{SECRET}#/@127.0.0.1:9/mlflow",
]


@pytest.mark.parametrize("uri", SHAPES)
def test_nothing_secret_is_shown(uri):
    assert SECRET not in public_address(uri)
    for text in (uri, f"GET {uri}/api failed", f"cannot resolve '{SECRET}' of me:{SECRET}"):
        assert SECRET not in without_secrets(text, uri)
    try:
        check_address(uri)
    except InputError as error:
        assert str(error).startswith("MLFLOW_TRACKING_URI: ") and SECRET not in str(error)


@pytest.mark.parametrize("uri", SHAPES[:-1])
def test_nothing_secret_leaves_with_an_error(uri):
    """Whatever MLflow and what is below it make of the address, on a port where nothing listens."""
    with pytest.raises(InputError) as told, naming_store(uri):
        probe(uri)
        open_client(uri).search_experiments()
    assert SECRET not in str(told.value) and "\n" not in str(told.value)
    try:
        probe(uri)
    except Exception as error:
        assert SECRET not in without_secrets(first_line(error), uri)


@pytest.mark.parametrize(
    ("uri", "line"),
    [
        ("http://[::1", r"not an address; write #"),
        ("http://a:x", r"not an address; write #"),
        ("http://me:p/w@a", r"a password is not encoded; write #"),
        ("http://me:p@w@a", r"a password is not encoded; write #"),
        ("http://a b", r"not an address; write http://host:port"),
        ("http://me:pw@a?x=1", r"http://a has more after it, .* MLFLOW_TRACKING_TOKEN"),
    ],
)
def test_what_is_no_address_is_a_line(uri, line):
    with pytest.raises(InputError, match=f"^MLFLOW_TRACKING_URI: {line}"):
        check_address(uri)


@pytest.mark.parametrize(
    "uri",
    [
        *("http://a:5000", "https://me:p%23w@a/x", "http://me:a:b@a", "http://[::1]:5000"),
        *("sqlite:////a@b/mlflow.db", "sqlite:///mlflow.db", "mlruns", "", "file:///a?b"),
        "postgresql://me:pw@a/db?sslmode=require",
    ],
)
def test_what_is_one(uri):
    check_address(uri)


def test_addresses_without_secrets_stay():
    for uri in ("http://a:5000/x", "sqlite:////a@b/mlflow.db", "mlruns", "databricks"):
        assert public_address(uri) == uri
        assert without_secrets(f"{uri} me@a", uri) == f"{uri} me@a"
