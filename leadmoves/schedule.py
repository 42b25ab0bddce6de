"""Which moves may run side by side, and which of those that are ready goes first.

The API locks the source and the destination of a running move, so no two moves that share one run together:

    ready(m)  ⇔  all that m follows have ended, and nobody is moving into m's destination
    m follows    every earlier move that shares a list or campaign with it (plan order is kept);
                 but two moves that share only their destination may change places, if both say so
    first     =  the ready move with the longest chain of followers (critical path)

An earlier move follows no later one, and a ready move asks for one thing only, its destination: no deadlock.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Self


@dataclass(frozen=True, slots=True)
class Claim:
    """What a move holds while it runs; lists and campaigns share one namespace.

    `keeps_place`: also among moves that share nothing but the destination. Which leads end there does not depend
    on that order, unless a move leaves out duplicates: then the first one in wins.
    """

    source: Hashable
    destination: Hashable
    keeps_place: bool = True


@dataclass
class _Line:
    """Those who come to one list or campaign: groups one after the other, any order within a group."""

    group: list[int] = field(default_factory=list)
    ahead: list[int] = field(default_factory=list)
    is_open: bool = False

    def join(self, move: int, *, loose: bool) -> list[int]:
        """Whom the newcomer follows. Never two open groups in a row, so all the arrows are linear in the moves."""
        if not (loose and self.is_open):
            self.group, self.ahead, self.is_open = [], self.group, loose
        self.group.append(move)
        return self.ahead


@dataclass(frozen=True)
class Order:
    """Who follows whom, fixed by the plan; a move is named by its place in it.

    Attributes:
        claims: the plan.
        follows: for each move, how many it follows directly.
        followers: for each move, those that follow it directly.
        chain: for each move, the length of the longest chain that begins with it.

    """

    claims: tuple[Claim, ...]
    follows: tuple[int, ...]
    followers: tuple[tuple[int, ...], ...]
    chain: tuple[float, ...]

    @classmethod
    def of(cls, claims: Sequence[Claim], lengths: Sequence[float] | None = None) -> Self:
        """The order of a plan, and how long each move may take (all alike, if nobody knows)."""
        lines: dict[Hashable, _Line] = {}
        follows: list[int] = []
        followers: list[list[int]] = [[] for _ in claims]
        for move, claim in enumerate(claims):
            ahead = {*lines.setdefault(claim.source, _Line()).join(move, loose=False)}
            if claim.destination != claim.source:
                line = lines.setdefault(claim.destination, _Line())
                ahead.update(line.join(move, loose=not claim.keeps_place))
            follows.append(len(ahead))
            for earlier in ahead:
                followers[earlier].append(move)
        return cls(tuple(claims), tuple(follows), tuple(map(tuple, followers)), _chains(followers, lengths))

    @property
    def critical_path(self) -> float:
        """No schedule that keeps the plan's order is shorter."""
        return max(self.chain, default=0.0)


def _chains(followers: Sequence[Sequence[int]], lengths: Sequence[float] | None) -> tuple[float, ...]:
    """From the last move to the first: arrows only go forward, so nothing recurses."""
    chain = [1.0] * len(followers) if lengths is None else list(lengths)
    for move in reversed(range(len(chain))):
        chain[move] += max([chain[later] for later in followers[move]], default=0.0)
    return tuple(chain)


def busiest(claims: Sequence[Claim], lengths: Sequence[float] | None = None) -> float:
    """The work of the list or campaign with most of it: no schedule at all is shorter."""
    work: dict[Hashable, float] = {}
    for move, claim in enumerate(claims):
        for held in {claim.source, claim.destination}:
            work[held] = work.get(held, 0.0) + (1.0 if lengths is None else lengths[move])
    return max(work.values(), default=0.0)


@dataclass
class Schedule:
    """One run of a plan: `take` what may start, tell what `ended`, until `done`.

    `side_by_side` bounds how many moves run at a time; None leaves it to the plan. A move of which nobody can say
    that it ended (in doubt, still running) is not told as ended: what follows it must not start.
    """

    order: Order
    side_by_side: int | None = None
    running: set[int] = field(default_factory=set, init=False)
    _left: list[int] = field(init=False)
    _ready: list[tuple[float, int]] = field(default_factory=list, init=False)
    _queues: dict[Hashable, list[tuple[float, int]]] = field(default_factory=dict, init=False)
    _to_end: int = field(init=False)

    def __post_init__(self) -> None:
        if self.side_by_side is not None and self.side_by_side < 1:
            raise ValueError("side_by_side must be at least 1, or None")
        self._left = list(self.order.follows)
        self._to_end = len(self._left)
        self._admit([move for move, left in enumerate(self._left) if not left])

    @property
    def done(self) -> bool:
        return not self._to_end

    def take(self) -> list[int]:
        """All moves that may start now, most urgent first; from now on they run."""
        taken = []
        while self._ready and (self.side_by_side is None or len(self.running) < self.side_by_side):
            _, move = heappop(self._ready)
            self.running.add(move)
            taken.append(move)
        return taken

    def ended(self, move: int) -> None:
        """However it ended, what it held is free."""
        self.running.remove(move)
        self._to_end -= 1
        freed = []
        for later in self.order.followers[move]:
            self._left[later] -= 1
            if not self._left[later]:
                freed.append(later)
        queue = self._queues.pop(self.order.claims[move].destination)
        if queue:  # the destination goes to the most urgent one that waits for it
            heappush(self._ready, heappop(queue))
            self._queues[self.order.claims[move].destination] = queue
        self._admit(freed)

    def _admit(self, moves: Sequence[int]) -> None:
        """Those that follow nobody any more: ready, or in the queue of a destination that is taken."""
        for ranked in sorted((-self.order.chain[move], move) for move in moves):
            destination = self.order.claims[ranked[1]].destination
            if destination in self._queues:
                heappush(self._queues[destination], ranked)
            else:
                self._queues[destination] = []
                heappush(self._ready, ranked)
