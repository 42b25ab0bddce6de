from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from leadmoves.errors import InvalidInput
from leadmoves.settings import Settings, async_url, read_settings

NUMBERS = {
    "INSTANTLY_REQUESTS_PER_SECOND": ["0", "-1", "many", "1.5", "nan"],
    "INSTANTLY_REQUESTS_PER_MINUTE": ["0", "-1", "many"],
    "LEAD_MOVES_SETTLE_SECONDS": ["-1", "99999", "nan", "inf", "soon"],
    "LEAD_MOVES_LEASE_SECONDS": ["0", "0.5", "99999", "nan"],
    "LEAD_MOVES_REQUEST_TIMEOUT": ["0", "-5", "601", "nan", "inf"],
}


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEAD_MOVES_LEDGER")


def test_without_any_variable_the_defaults_hold() -> None:
    settings = read_settings()

    assert settings.url == "https://api.instantly.ai"
    assert (settings.per_second, settings.per_minute) == (80, 4800)
    assert (settings.settle, settings.lease, settings.timeout) == (60, 20, 30)
    assert settings.ledger_url == f"sqlite+aiosqlite:///{Path.home()}/.lead-moves/ledger.sqlite"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NUMBERS, "INSTANTLY_API_KEY", "INSTANTLY_API_URL", "LEAD_MOVES_LEDGER"):
        monkeypatch.setenv(name, "")

    assert read_settings() == Settings()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in NUMBERS for value in NUMBERS[name]])
def test_a_bad_number_is_named_by_its_variable(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(InvalidInput, match=name):
        read_settings()


def test_all_that_is_wrong_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, values in NUMBERS.items():
        monkeypatch.setenv(name, values[0])

    with pytest.raises(InvalidInput) as error:
        read_settings()

    assert {problem.field for problem in error.value.problems} == set(NUMBERS)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.instantly.ai",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://10.0.0.7:8400",
        "ftp://localhost",
        "api.instantly.ai",
        "https://",
        "",
        "http://[::2]",
        "http://[bad",
        "https://user:secret@api.instantly.ai",
        "https://secret@api.instantly.ai",
    ],
)
def test_a_url_that_would_show_the_key_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"http|URL"):
        Settings(url=url)


@pytest.mark.parametrize(
    "url", ["https://example.com/", "http://localhost:8400", "http://127.0.0.1:1", "http://[::1]:8400"]
)
def test_https_and_loopback_are_good(url: str) -> None:
    assert Settings(url=url).url == url.rstrip("/")
    assert Settings().at(url).url == url.rstrip("/")


def test_another_url_is_checked_like_the_first() -> None:
    with pytest.raises(ValueError, match="plain http"):
        Settings().at("http://example.com")


def test_a_refused_url_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTANTLY_API_URL", "http://example.com")

    with pytest.raises(InvalidInput, match=r"INSTANTLY_API_URL: plain http would show the key"):
        read_settings()


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8))
def test_no_settings_show_the_key_or_the_ledgers_password(secret: str) -> None:
    settings = Settings(key=SecretStr(secret), ledger=SecretStr(f"postgresql://me:{secret}@db/x"))

    shown = f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}"
    assert secret not in shown.replace("**********", "")


def test_a_missing_key_says_which_variable_to_set() -> None:
    with pytest.raises(InvalidInput, match="INSTANTLY_API_KEY"):
        Settings().required_key()


def test_a_key_comes_from_the_environment_and_from_no_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("INSTANTLY_API_KEY=from-file\nINSTANTLY_API_URL=https://file.example\n")
    monkeypatch.chdir(tmp_path)

    assert read_settings().key is None
    assert read_settings().url == "https://api.instantly.ai"

    monkeypatch.setenv("INSTANTLY_API_KEY", "from-environment")
    assert read_settings().required_key().get_secret_value() == "from-environment"


def test_a_workspace_is_named_without_its_key() -> None:
    settings, key = Settings(), SecretStr("a-secret-key")

    name = settings.workspace(key)

    assert name == settings.workspace(SecretStr("a-secret-key"))
    assert name != settings.workspace(SecretStr("another-key"))
    assert name != Settings(url="https://example.com").workspace(key)
    assert "secret" not in name


@pytest.mark.parametrize(
    ("url", "driven"),
    [
        ("sqlite:///x", "sqlite+aiosqlite:///x"),
        ("postgresql://h/x", "postgresql+asyncpg://h/x"),
        ("postgres://h/x", "postgresql+asyncpg://h/x"),
        ("postgresql+asyncpg://h/x", "postgresql+asyncpg://h/x"),
    ],
)
def test_a_ledgers_url_gets_the_driver_that_it_runs_on(url: str, driven: str) -> None:
    assert async_url(url) == driven
    assert Settings(ledger=SecretStr(url)).ledger_url == driven
