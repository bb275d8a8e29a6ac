"""Settings for all tests."""

from hypothesis import HealthCheck, settings

# A shared machine may pause at any time, which is no fault of the code under test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
