"""How long a fuzz test looks: briefly on a laptop, for some twenty seconds where everything is to be run."""

import os

from hypothesis import HealthCheck, settings

IS_THOROUGH = os.environ.get("CHATTERBOX_TEST_ALL") == "1"


def effort(brief: int, thorough: int) -> settings:
    """The settings of a test that tries so many examples; how long one takes is no matter."""
    return settings(
        max_examples=thorough if IS_THOROUGH else brief,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
