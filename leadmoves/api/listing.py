"""Lists: what is asked of the job list, and one page of what any list gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

PAGE = 100  # rows, the most that any list gives


@dataclass(frozen=True)
class Page:
    """One page of a list. The cursor comes with the last non-empty page too: stop at an empty one."""

    items: tuple[Mapping[str, Any], ...]
    cursor: str | None


@dataclass(frozen=True)
class JobQuery:
    """Filters of the job list; sequences become comma lists. Newest first unless told."""

    ids: Sequence[str] = ()
    type: str | None = None
    entity_id: Sequence[str] = ()
    status: Sequence[str] = ()
    sort_column: str = "created_at"
    sort_order: str = "desc"
    limit: int = PAGE

    def params(self) -> dict[str, str]:
        said = {
            "ids": ",".join(self.ids),
            "type": self.type or "",
            "entity_id": ",".join(self.entity_id),
            "status": ",".join(self.status),
            "sort_column": self.sort_column,
            "sort_order": self.sort_order,
            "limit": str(self.limit),
        }
        return {name: value for name, value in said.items() if value}
