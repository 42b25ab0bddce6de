"""What a seed brings upon one move: faults, delays, strangers, crashes."""

import random
from dataclasses import dataclass, field

from sandbox import Fault

MOVE = "/api/v2/leads/move"
JOBS = "/api/v2/background-jobs"
TIMEOUT = 30.0  # seconds, the default
SETTLE = 60.0  # seconds, the default

# Each answer that a POST can get, about equally likely; the first three are good weather.
POSTS: tuple[Fault | None, ...] = (
    None,
    None,
    None,
    Fault(kind="refuse-connection"),
    Fault(kind="lose-request"),
    Fault(kind="lose-answer"),
    Fault(kind="hang", seconds=2 * TIMEOUT, effect=True),
    Fault(kind="hang", seconds=2 * TIMEOUT, effect=False),
    Fault(kind="hang", seconds=TIMEOUT / 2, effect=True),
    *(Fault(kind="status", status=status, effect=effect) for status in (500, 503, 504) for effect in (True, False)),
    Fault(kind="html", status=502, effect=True),
    Fault(kind="html", status=200, effect=True),
    Fault(kind="html", status=200, effect=False),
    Fault(kind="half-body"),
    Fault(kind="no-id"),
    Fault(kind="status", status=429),
    Fault(kind="status", status=429, retry_after=7),
    Fault(kind="status", status=429, retry_after=4, retry_after_as="date"),
    Fault(kind="status", status=409, message="There is a move-leads job in progress."),
)
REFUSALS = tuple(Fault(kind="status", status=status, effect=False) for status in (400, 401, 403))
READS = (
    Fault(kind="status", status=500, effect=False),
    Fault(kind="html", status=200, effect=False),
    Fault(kind="lose-answer"),
    Fault(kind="refuse-connection"),
    Fault(kind="hang", seconds=2 * TIMEOUT),
    Fault(kind="half-body"),
)


@dataclass(frozen=True)
class Stranger:
    """A job that somebody else starts on our source, past every lock."""

    at: float  # seconds after the beginning
    same_body: bool
    hidden: float  # seconds until the list shows it


@dataclass(frozen=True)
class Crash:
    """The end of a process: at its n-th decision, or so many seconds after its start."""

    decision: int | None = None
    seconds: float | None = None
    down: float = 0.0  # seconds until the next process starts


@dataclass(frozen=True)
class Weather:
    """All of it. The list shows a new job after `hidden` seconds, also counted from a late effect."""

    seed: int
    posts: tuple[Fault, ...]
    reads: tuple[Fault, ...]
    late: tuple[float | None, ...]
    hidden: float
    skew: float  # seconds that our clock is ahead of the API's
    job_seconds: float
    old_jobs: int  # of last week and of just now, with the same body
    strangers: tuple[Stranger, ...]
    crashes: tuple[Crash, ...]
    twins: bool  # two processes begin with the key at once
    lease: float
    latency: float = field(default=0.05)


def weather(seed: int, settle: float = SETTLE, *, within: bool = True) -> Weather:
    """The weather of a seed.

    Args:
        settle: the time that the list stays within.
        within: False lets the list lag behind for up to three times as long.

    """
    rng = random.Random(seed)
    hidden = rng.choice((0.0, 0.0, rng.uniform(0, 5), rng.uniform(0, settle - 1), settle - 1.5))
    if not within:
        hidden = rng.uniform(settle, 3 * settle)
    spare = max(settle - 1.5 - hidden, 0.0)
    lates = (None, None, None, rng.uniform(0, spare), 0.0)
    return Weather(
        seed=seed,
        posts=tuple(_post(rng) for _ in range(rng.randint(0, 6))),
        reads=tuple(_read(rng) for _ in range(rng.choice((0, 0, 1, 2)))),
        late=tuple(rng.choice(lates) for _ in range(3)),
        hidden=hidden,
        skew=rng.choice((0.0, rng.uniform(-300, 300))),
        job_seconds=rng.choice((0.2, 3.0, rng.uniform(5, 120))),
        old_jobs=rng.choice((0, 0, 0, 1, 2)),
        strangers=tuple(_stranger(rng) for _ in range(rng.choice((0, 0, 0, 1, 2)))),
        crashes=tuple(_crash(rng) for _ in range(rng.choice((0, 1, 1, 2, 3)))),
        twins=rng.random() < 0.2,
        lease=rng.choice((8.0, 15.0)),
        latency=rng.choice((0.001, 0.05, 0.4)),
    )


def _post(rng: random.Random) -> Fault:
    if rng.random() < 0.02:
        return rng.choice(REFUSALS)
    return rng.choice(POSTS) or Fault(kind="hang", seconds=0.0)  # a hang of nothing: good weather, counted


def _read(rng: random.Random) -> Fault:
    some = {"count": rng.randint(1, 12)} if rng.random() < 0.7 else {"count": 60, "probability": 0.4}
    return rng.choice(READS).model_copy(update=some)


def _stranger(rng: random.Random) -> Stranger:
    return Stranger(rng.uniform(0, 150), rng.random() < 0.3, rng.choice((0.0, rng.uniform(0, 30))))


def _crash(rng: random.Random) -> Crash:
    down = rng.choice((0.0, 1.0, rng.uniform(0, 300)))
    if rng.random() < 0.7:
        return Crash(decision=rng.randint(1, 9), down=down)
    return Crash(seconds=rng.choice((rng.uniform(0, 1), rng.uniform(0, 100))), down=down)
