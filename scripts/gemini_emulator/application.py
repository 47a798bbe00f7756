"""The ASGI application: Google's surface, the control endpoints, a page that says what it is."""

from starlette.types import ASGIApp, Receive, Scope, Send

from scripts.gemini_emulator.connection import Connection
from scripts.gemini_emulator.control import BANNER, Control
from scripts.gemini_emulator.model_api import ModelApi
from scripts.gemini_emulator.state import Emulator


def build_application(emulator: Emulator) -> ASGIApp:
    control = Control(emulator).application()
    models = ModelApi(emulator)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"]
        if path.startswith("/_emulator"):
            await control(scope, receive, send)
        elif path == "/":
            text = f"{BANNER}\n".encode()
            await Connection(scope, receive, send).answer(200, text, "text/plain; charset=utf-8")
        else:
            await models(scope, receive, send)

    return application
