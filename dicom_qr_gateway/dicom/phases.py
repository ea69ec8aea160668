"""How far an operation came, and how long each part of the way took."""

import time
from typing import Final, Literal

Phase = Literal["resolve", "connect", "associate", "echo", "release"]

PHASES: Final[tuple[Phase, ...]] = ("resolve", "connect", "associate", "echo", "release")


class Phases:
    """A stopwatch with a hand for each phase; what waits between two phases is in none."""

    def __init__(self) -> None:
        """Begin before the first phase."""
        self.current: Phase = PHASES[0]
        self._seconds: dict[Phase, float] = {}
        self._begun: float | None = None

    def begin(self, phase: Phase) -> None:
        """End the phase under way and begin another; a phase that comes again goes on."""
        self.end()
        self.current = phase
        self._begun = time.monotonic()

    def end(self) -> None:
        """End the phase under way, if there is one."""
        if self._begun is not None:
            passed = time.monotonic() - self._begun
            self._seconds[self.current] = self._seconds.get(self.current, 0.0) + passed
            self._begun = None

    @property
    def milliseconds(self) -> dict[str, float]:
        """Return the phases that were reached, in order, and the milliseconds each has taken."""
        return {phase: round(seconds * 1000, 1) for phase, seconds in self._seconds.items()}
