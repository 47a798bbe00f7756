"""The API keys the emulator knows and the projects they belong to."""

from collections.abc import Iterable
from dataclasses import dataclass

from scripts.gemini_emulator.api_errors import key_missing, key_not_valid


@dataclass(frozen=True, slots=True)
class ApiKey:
    alias: str
    value: str
    project: str

    @classmethod
    def parse(cls, text: str) -> "ApiKey":
        """Read `alias=value@project`; without `@project` the key is a project of its own."""
        alias, separator, rest = text.partition("=")
        if not separator or not alias or not rest:
            raise ValueError(f"a key is alias=value@project, not {alias!r}…")
        value, at, project = rest.rpartition("@")
        return cls(alias, value, project) if at else cls(alias, rest, f"project-of-{alias}")

    @property
    def redacted(self) -> str:
        return f"{self.value[:4]}…" if len(self.value) > 12 else "…"


class KeyRing:
    """Keys by value; an unknown value is refused in Google's words."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._by_value: dict[str, ApiKey] = {}
        for key in keys:
            self.add(key)

    def add(self, key: ApiKey) -> None:
        self.remove(key.alias)
        self._by_value[key.value] = key

    def remove(self, alias: str) -> bool:
        values = [value for value, key in self._by_value.items() if key.alias == alias]
        for value in values:
            del self._by_value[value]
        return bool(values)

    def all(self) -> list[ApiKey]:
        return sorted(self._by_value.values(), key=lambda key: key.alias)

    def authenticate(self, value: str | None) -> ApiKey:
        if not value:
            raise key_missing()
        key = self._by_value.get(value)
        if key is None:
            raise key_not_valid()
        return key

    def redact(self, text: str) -> str:
        for value, key in self._by_value.items():
            text = text.replace(value, f"<{key.alias}>")
        return text
