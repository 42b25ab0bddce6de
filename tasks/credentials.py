"""The Instantly API key as a Prefect block, so that no flow parameter ever holds it."""

from typing import Any, cast

from prefect.blocks.abstract import CredentialsBlock
from pydantic import Field, SecretStr, ValidationError

from leadmoves.errors import InvalidInput, Problem
from leadmoves.settings import Settings, read_settings


class InstantlyCredentials(CredentialsBlock):
    """Credentials of one Instantly workspace.

    Scopes of the key: leads:update, leads:read, background-jobs:read, accounts:read, accounts:update.
    """

    _block_type_name = "Instantly Credentials"
    _block_type_slug = "instantly-credentials"
    _logo_url = "https://instantly.ai/favicon.ico"  # type: ignore[assignment]  # pydantic parses it
    _documentation_url = "https://developer.instantly.ai/"  # type: ignore[assignment]  # as above

    api_key: SecretStr = Field(title="API key", description="From Instantly: Settings, Integrations, API keys.")
    api_url: str | None = Field(
        default=None, title="API URL", description="Leave empty for https://api.instantly.ai."
    )

    def get_client(self) -> tuple[Settings, SecretStr]:
        """The settings and the key with which `leadmoves.workspace.open_workspace` opens a workspace."""
        settings = read_settings()
        return (settings.at(self.api_url) if self.api_url else settings), self.api_key


async def find_credentials(block: str | None) -> tuple[Settings, SecretStr]:
    """Settings and key from a block, else from the environment; `InvalidInput` names what is missing."""
    if not block:
        settings = read_settings()
        return settings, settings.required_key()
    try:
        found: Any = await InstantlyCredentials.aload(block.removeprefix("instantly-credentials/"))
    except ValueError:
        raise InvalidInput(Problem("credentials", f"there is no block instantly-credentials/{block}")) from None
    try:
        return cast("InstantlyCredentials", found).get_client()
    except ValidationError as error:
        why = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        raise InvalidInput(Problem("credentials", f"the API URL of instantly-credentials/{block} {why}")) from None
