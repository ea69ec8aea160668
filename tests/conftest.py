"""What all tests share."""

from hypothesis import settings

# A deadline for each example would be a timed assertion; this machine may be busy.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
