"""The API's description: for programs as OpenAPI, for people as one page that needs no network."""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent
_PLACE = "/*document*/null"


@dataclass(frozen=True)
class Served:
    """A file as it is sent."""

    content: bytes
    media_type: str
    headers: dict[str, str]


@lru_cache
def openapi_document() -> Served:
    """The document that scripts/build_openapi.py made of all services."""
    content = (_FOLDER / "openapi.json").read_bytes()
    return Served(content, "application/json", {"ETag": _tag(content), **_CACHED})


@lru_cache
def documentation_page() -> Served:
    """The page with the document inside it."""
    document = openapi_document().content.decode()
    # "</script>" in a string would end the script; JSON reads "<\\/" the same.
    page = (_FOLDER / "docs.html").read_text("utf-8")
    page = page.replace(_PLACE, document.strip().replace("</", "<\\/"))
    content = page.encode()
    headers = {"ETag": _tag(content), "Content-Security-Policy": _policy(page), **_CACHED}
    return Served(content, "text/html; charset=utf-8", headers)


_CACHED = {"Cache-Control": "public, max-age=300"}


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _policy(page: str) -> str:
    """Only this page's own script and styles run, and it talks to this API alone."""
    scripts, styles = _hashes(page, "script"), _hashes(page, "style")
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _hashes(page: str, element: str) -> str:
    bodies = re.findall(rf"<{element}>(.*?)</{element}>", page, re.DOTALL)
    digests = (hashlib.sha256(body.encode()).digest() for body in bodies)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
