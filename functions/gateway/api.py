"""The HTTP interface of the system as a whole."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from functions.gateway.checks import optional_checks, required_checks
from functions.gateway.documentation import Served, documentation_page, openapi_document
from shared.web.application import create_application, lambda_handler
from shared.web.health import Check, Health, answer, examine

router = APIRouter()


@router.get(
    "/health",
    response_model=Health,
    tags=["health"],
    responses={503: {"model": Health, "description": "The main job can't run."}},
)
def health(
    required: Annotated[Mapping[str, Check], Depends(required_checks)],
    optional: Annotated[Mapping[str, Check], Depends(optional_checks)],
) -> JSONResponse:
    """The health of the whole system: each dependency's state and how long it took to answer."""
    return answer(examine("learning-app", required, optional))


@router.get("/openapi.json", tags=["documentation"], response_class=Response)
def openapi(request: Request) -> Response:
    """This document."""
    return _serve(request, openapi_document())


@router.get("/docs", tags=["documentation"], response_class=Response)
@router.get("/docs/", include_in_schema=False)
def documentation(request: Request) -> Response:
    """This document as a page to read and to try calls on."""
    return _serve(request, documentation_page())


def _serve(request: Request, served: Served) -> Response:
    if served.headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=served.headers)
    return Response(served.content, media_type=served.media_type, headers=served.headers)


app = create_application("gateway", router)
handler = lambda_handler(app)
