"""The block `instantly-credentials`, by Prefect's own standard for blocks of integrations."""

import os

import pytest
from prefect.blocks.abstract import CredentialsBlock
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites import BlockStandardTestSuite

from leadmoves.errors import InvalidInput
from tasks.credentials import InstantlyCredentials, find_credentials

KEY = "sk-3f9c-never-to-be-shown"


class TestTheStandard(BlockStandardTestSuite):
    @pytest.fixture
    def block(self) -> type[Block]:
        return InstantlyCredentials

    def test_has_a_valid_image(self, block: type[Block]) -> None:
        """The standard's own test downloads the logo; ours talks to nobody."""
        assert str(block._logo_url).startswith("https://")


def test_its_slug_is_what_flows_and_docs_call_it() -> None:
    assert InstantlyCredentials._block_type_slug == "instantly-credentials"
    assert issubclass(InstantlyCredentials, CredentialsBlock)


def test_it_gives_settings_and_key_and_prints_neither() -> None:
    block = InstantlyCredentials(api_key=KEY, api_url="http://127.0.0.1:1")

    settings, key = block.get_client()

    assert (settings.url, key.get_secret_value()) == ("http://127.0.0.1:1", KEY)
    assert KEY not in f"{block!r} {block} {settings!r} {block.model_dump()}"


def test_plain_http_to_the_world_is_refused_in_a_block_too() -> None:
    with pytest.raises(ValueError, match="use https"):
        InstantlyCredentials(api_key=KEY, api_url="http://api.instantly.ai").get_client()


async def test_without_a_block_and_without_a_key_the_variable_is_named() -> None:
    assert "INSTANTLY_API_KEY" not in os.environ
    with pytest.raises(InvalidInput, match="INSTANTLY_API_KEY"):
        await find_credentials(None)
