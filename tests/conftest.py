"""What every test shares."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("default", deadline=None)
settings.register_profile("mutants", deadline=None, derandomize=True, database=None)  # the same survivors each time
settings.load_profile("default")
