"""The web application: its paths, and its responses to errors."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from pipeline.serve.answers import PREDICT_BODY, Answer, Error, Health
from pipeline.serve.body import Body
from pipeline.serve.counted import Counted
from pipeline.serve.limits import Refused
from pipeline.serve.metrics import CONTENT_TYPE
from pipeline.serve.page import PAGE_HEADERS, page
from pipeline.serve.service import Service
from pipeline.serve.uploads import read_uploads

_REFUSALS = (408, 413, 415, 422, 503)


class PredictQuery(BaseModel):
    """The query parameters of /predict; a misspelled name is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")
    min_score: Annotated[float | None, Field(ge=0, lt=1)] = None


def make_app(service: Service) -> FastAPI:
    """Return the application in front of a service."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        work = asyncio.create_task(service.work())
        yield
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work

    # FastAPI's documentation pages load scripts from the network; /openapi.json does not.
    app = FastAPI(title="Detection ladder", docs_url=None, redoc_url=None, lifespan=life)
    _add_paths(app, service)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _failed)
    app.add_middleware(Counted, metrics=service.metrics)
    return app


def _add_paths(app: FastAPI, service: Service) -> None:
    # Monitors send HEAD requests.
    @app.head("/", include_in_schema=False)
    @app.get("/", include_in_schema=False)
    async def front() -> HTMLResponse:
        return HTMLResponse(page(), headers=PAGE_HEADERS)

    @app.head("/health", include_in_schema=False)
    @app.get("/health")
    async def health() -> Health:
        return service.health()

    @app.head("/metrics", include_in_schema=False)
    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(service.metrics.text(), media_type=CONTENT_TYPE)

    refusals = [(status, {"model": Error}) for status in _REFUSALS]

    @app.post("/predict", responses=dict(refusals), openapi_extra=PREDICT_BODY)
    async def predict(request: Request, query: Annotated[PredictQuery, Query()]) -> Answer:
        """Return what is found in one photo or several."""
        with service.metrics.seconds.time():
            return await _predict(service, request, query.min_score)


async def _predict(service: Service, request: Request, min_score: float | None) -> Answer:
    body = Body(request.headers, request.receive, service.limits)
    try:
        with (
            service.slots.request() as taken,
            tempfile.TemporaryDirectory(prefix="ladder-serve-") as folder,
        ):
            body.hold = taken.hold
            uploads = await read_uploads(body, Path(folder), service.limits)
            taken.extend_to(len(uploads))
            return Answer(photos=await service.answer(uploads, min_score))
    except Refused:
        await body.drain()
        raise
    except ClientDisconnect:  # nobody reads the response, but it is counted
        raise Refused(400, "the request broke off") from None


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return JSONResponse({"error": error.reason}, error.status, wait)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    """Report a wrong query parameter like any other error: in one line."""
    assert isinstance(error, RequestValidationError)
    wrong = [f"{one['loc'][-1]}: {one['msg']}" for one in error.errors()]
    return JSONResponse({"error": "; ".join(wrong)}, 422)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    reason = f"{request.method} {request.url.path}: {HTTPStatus(error.status_code).phrase}"
    paths = "there are GET /, /health, /metrics, /openapi.json and POST /predict"
    return JSONResponse({"error": f"{reason}; {paths}"}, error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """Report a bug; its traceback goes only to the log of the server."""
    return JSONResponse({"error": "the server failed; its log says why"}, 500)
