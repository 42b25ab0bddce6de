"""One writer a source and a destination: who holds a resource, for which move, until when.

held by a live owner ....... until it ends the move or goes; renewed with its lease
held by a dead owner ....... until the lease runs out
held by a move in doubt .... until its doubt must be over, whoever lives, so that nobody else's job is taken for its
"""

from sqlalchemy import ColumnElement, and_, case, delete, func, select, true, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from leadmoves.ledger.rows import Row, State
from leadmoves.ledger.tables import holds, moves

# Moves whose job may still be on its way into the list.
UNSETTLED = select(moves.c.key).where(moves.c.state == State.SENDING)


async def held_by_other(connection: AsyncConnection, row: Row, now: float) -> str | None:
    """The key of another move that holds one of the row's resources."""
    others = and_(holds.c.resource.in_(row.resources), holds.c.key != row.key, holds.c.until > now)
    holder = (await connection.execute(select(holds.c.key).where(others).limit(1))).scalar()
    return str(holder) if holder else None


async def hold_all(connection: AsyncConnection, row: Row, owner: str, until: float) -> None:
    """Write our name on the row's resources; a doubt of this same move keeps its longer time."""
    # Sorted: two processes that take the same rows in one order cannot wait for each other.
    mine = [{"resource": r, "key": row.key, "owner": owner, "until": until} for r in sorted(set(row.resources))]
    insert = _insert(connection)
    new = insert.excluded
    longer = case((and_(holds.c.key == new.key, holds.c.until > new.until), holds.c.until), else_=new.until)
    taken_over = {"key": new.key, "owner": new.owner, "until": longer}
    await connection.execute(insert.on_conflict_do_update(index_elements=["resource"], set_=taken_over), mine)


def still_held(row: Row, owner: str, now: float) -> ColumnElement[bool]:
    """A condition: all resources of the row are still ours."""
    if not row.resources:
        return true()
    ours = and_(holds.c.key == row.key, holds.c.owner == owner, holds.c.until > now)
    return select(func.count()).select_from(holds).where(ours).scalar_subquery() == len(set(row.resources))


async def hold_until(connection: AsyncConnection, key: str, owner: str, until: float) -> None:
    mine = and_(holds.c.key == key, holds.c.owner == owner)
    await connection.execute(update(holds).where(mine).values(until=until))


async def renew_all(connection: AsyncConnection, owner: str, until: float) -> None:
    await connection.execute(update(holds).where(holds.c.owner == owner, holds.c.until < until).values(until=until))


async def free(connection: AsyncConnection, owner: str, key: str | None = None) -> None:
    """Give back what an owner holds (for one move), but for what a move in doubt still needs."""
    whose = holds.c.owner == owner if key is None else and_(holds.c.owner == owner, holds.c.key == key)
    await connection.execute(delete(holds).where(whose, holds.c.key.not_in(UNSETTLED)))


def _insert(connection: AsyncConnection) -> "sqlite.Insert | postgresql.Insert":
    if connection.dialect.name == "postgresql":
        return postgresql.insert(holds)
    return sqlite.insert(holds)
