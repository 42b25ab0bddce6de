"""How long jobs take, and how they report progress: the jobs that every policy of the bench is given.

    limit on requests · mean lag of a blind watcher = ½·(∫ √(f·S) dt)²

with f the density and S the survival of the length (Keller 1974). Lengths are taken at even quantiles, not drawn:
a distribution's own mean and tail, without a lucky or unlucky sample.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from random import Random
from statistics import NormalDist

NORMAL = NormalDist()

Curve = Callable[[float], float]
"""Part of the time that is over (0 to 1) to part of the work that is done (0 to 1)."""


@dataclass(frozen=True)
class LogNormal:
    median: float
    sigma: float

    @property
    def name(self) -> str:
        return f"log-normal, median {self.median:.0f} s, sigma {self.sigma:.1f}"

    def at(self, quantile: float) -> float:
        return self.median * exp(self.sigma * NORMAL.inv_cdf(quantile))

    def density(self, t: float) -> float:
        return NORMAL.pdf(log(t / self.median) / self.sigma) / (t * self.sigma)

    def survival(self, t: float) -> float:
        return NORMAL.cdf(-log(t / self.median) / self.sigma)


@dataclass(frozen=True)
class LogUniform:
    shortest: float
    longest: float

    @property
    def name(self) -> str:
        return f"log-uniform, {self.shortest:.0f} s to {self.longest / 3600:.0f} h"

    def at(self, quantile: float) -> float:
        return self.shortest * exp(quantile * log(self.longest / self.shortest))

    def density(self, t: float) -> float:
        inside = self.shortest <= t <= self.longest
        return 1 / (t * log(self.longest / self.shortest)) if inside else 0.0

    def survival(self, t: float) -> float:
        t = min(max(t, self.shortest), self.longest)
        return 1 - log(t / self.shortest) / log(self.longest / self.shortest)


@dataclass(frozen=True)
class Uniform:
    shortest: float
    longest: float

    @property
    def name(self) -> str:
        return f"{self.shortest:.0f}-{self.longest:.0f} s"

    def at(self, quantile: float) -> float:
        return self.shortest + (self.longest - self.shortest) * quantile


Smooth = LogNormal | LogUniform
SHORT = LogNormal(20, 1.0)
MINUTE = LogNormal(60, 1.2)
WIDE = LogUniform(2, 3600)


def limit(lengths: Smooth, steps: int = 40_000) -> float:
    """What requests · mean lag can at best be, without knowing anything but the distribution."""
    low, high = log(1e-3), log(1e6)
    width = (high - low) / steps
    times = (exp(low + (i + 0.5) * width) for i in range(steps))
    return 0.5 * sum(sqrt(lengths.density(t) * lengths.survival(t)) * t * width for t in times) ** 2


def spread(lengths: Smooth | Uniform, jobs: int, rng: Random) -> list[float]:
    """The lengths of so many jobs, at even quantiles, in random order."""
    taken = [lengths.at((i + 0.5) / jobs) for i in range(jobs)]
    rng.shuffle(taken)
    return taken


def linear(_rng: Random) -> Curve:
    return lambda time: time


def bowed(rng: Random) -> Curve:
    """Fast first and slow later, or the other way round: halfway, between 24 % and 71 % is done."""
    power = 2 ** rng.uniform(-1, 1)
    return lambda time: time**power


def broken(rng: Random) -> Curve:
    """Five stretches of unlike length, each at its own speed, up to four times another's."""
    return _stretches([(rng.uniform(0.3, 1), 2 ** rng.uniform(-1, 1)) for _ in range(5)])


def wild(rng: Random) -> Curve:
    """Five stretches at speeds of an exponential distribution: some nearly stand still."""
    return _stretches([(rng.expovariate(1) + 0.15, rng.expovariate(1) + 0.05) for _ in range(5)])


def stuck(_rng: Random) -> Curve:
    """Runs to 99 % in a tenth of the time and stays there: a liar."""
    return lambda time: min(0.99, 9.9 * time)


def _stretches(parts: list[tuple[float, float]]) -> Curve:
    duration = sum(length for length, _ in parts)
    work = sum(length * speed for length, speed in parts)

    def curve(time: float) -> float:
        done, passed = 0.0, 0.0
        for length, speed in parts:
            done += speed * min(max(time * duration - passed, 0.0), length)
            passed += length
        return done / work

    return curve


CURVES: dict[str, Callable[[Random], Curve]] = {
    "linear": linear,
    "bowed": bowed,
    "broken line": broken,
    "wild (speeds 1 to 20 and more)": wild,
    "liar, stuck at 99 %": stuck,
}


@dataclass(frozen=True)
class Lags:
    """Mean, median and 95 % of the seconds between a job's end and the look that saw it."""

    mean: float
    median: float
    p95: float


def lags(seconds: list[float]) -> Lags:
    ordered = sorted(seconds)
    return Lags(sum(ordered) / len(ordered), quantile(ordered, 0.5), quantile(ordered, 0.95))


def quantile(ordered: list[float], part: float) -> float:
    return ordered[max(0, ceil(part * len(ordered)) - 1)]
