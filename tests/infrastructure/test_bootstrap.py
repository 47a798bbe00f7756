"""Setting up from nothing but Python."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import bootstrap
from tests.infrastructure.reading import ROOT


def test_it_needs_the_standard_library_alone() -> None:
    program = f"import runpy; runpy.run_path({str(ROOT / 'scripts' / 'bootstrap.py')!r})"
    subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True)


def test_every_environment_has_a_lock_file_with_hashes() -> None:
    for name in bootstrap.ENVIRONMENTS:
        lock = (ROOT / "requirements" / f"{name}.lock").read_text()
        entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
        assert entries, name
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries), name


def test_uv_comes_from_the_lock_file_too() -> None:
    requirement = bootstrap._locked_requirement("uv")
    assert requirement.startswith("uv==")
    assert "--hash=sha256:" in requirement


def test_no_lock_file_names_a_package_index() -> None:
    for path in (ROOT / "requirements").iterdir():
        assert "://" not in path.read_text(), path.name


def test_pips_package_sources_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INDEX_STRATEGY"):
        monkeypatch.delenv(name, raising=False)
    configuration = tmp_path / "pip.conf"
    configuration.write_text(
        "[global]\nextra-index-url = https://one.example/simple https://two.example/simple\n"
        "find-links = /wheels\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_INDEX_URL", "https://company.example/simple")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    found = bootstrap.package_index_settings()
    assert found["UV_DEFAULT_INDEX"] == "https://company.example/simple"
    assert "https://one.example/simple https://two.example/simple" in found["UV_INDEX"]
    assert "/wheels" in found["UV_FIND_LINKS"]


def test_what_is_set_for_uv_counts_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://company.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://own.example/simple")
    assert "UV_DEFAULT_INDEX" not in bootstrap.package_index_settings()
