"""Joins the services' OpenAPI into one document, with its errors, examples and the WebSocket."""

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from scripts.openapi.examples import add_examples
from scripts.openapi.problems import add_problems
from scripts.openapi.text import DESCRIPTION, TAGS, TITLE, VERSION
from scripts.openapi.websocket import WEBSOCKET

SERVICES = (
    "gateway",
    "auth",
    "documents",
    "questions",
    "jobs",
    "evaluation",
    "chat",
    "realtime",
    "admin",
)
Document = dict[str, Any]


class MissingServices(Exception):
    """A service that belongs in the document can't be imported."""


def build_document() -> Document:
    """The OpenAPI 3.1 document of the whole API. Raises MissingServices."""
    whole = FastAPI(
        title=TITLE,
        version=VERSION,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        # Beside this document: the address that served it, whatever stage or host that is.
        servers=[{"url": ".", "description": "where this document was found"}],
    )
    for app in _applications():
        whole.include_router(app.router)
    document = whole.openapi()
    document["x-websocket"] = WEBSOCKET
    for path, method, operation in operations(document):
        _describe(path, method, operation)
    _name_operations(document)
    add_problems(document)
    add_examples(document)
    return _with_plain_names(document)


def _applications() -> Iterator[FastAPI]:
    missing = []
    for service in SERVICES:
        name = f"functions.{service}.api"
        try:
            yield importlib.import_module(name).app
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise
            missing.append(name)
    if missing:
        raise MissingServices(f"not found: {', '.join(missing)}")


def operations(document: Document) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each call in `document`."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
    """The summary is the docstring's first sentence, the description what comes after it."""
    text = inspect.cleandoc(operation.get("description", "")).strip()
    if not text:
        raise ValueError(f"{method.upper()} {path} has no docstring")
    summary, _, rest = re.sub(r"\s*\n\s*(?!\n)", " ", text).partition(". ")
    operation["summary"] = summary.rstrip(".")
    operation.pop("description")
    if rest:
        operation["description"] = rest


def _name_operations(document: Document) -> None:
    """`auth_log_in`, not `log_in_api_auth_login_post`: names that clients are generated with."""
    for path, method, operation in operations(document):
        parts = path.strip("/").split("/")
        service = parts[1] if parts[0] == "api" else "gateway"
        ending = re.sub(r"\W", "_", f"{path}_{method}")
        operation["operationId"] = f"{service}_{operation['operationId'].removesuffix(ending)}"


def _with_plain_names(document: Document) -> Document:
    """Schemas that two services name alike are told apart by the service, not the module."""
    renamed = {
        name: found[1].capitalize() + found[2]
        for name in document["components"]["schemas"]
        if (found := re.fullmatch(r"functions__(\w+?)__\w+__(\w+)", name))
    }
    return dict(_renamed(document, renamed))


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, str) and value.startswith("#/components/schemas/"):
        name = value.rpartition("/")[2]
        return f"#/components/schemas/{names.get(name, name)}"
    return value


def routes() -> Iterator[APIRoute]:
    """Every route that the document describes."""
    for app in _applications():
        for route in app.router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                yield route
