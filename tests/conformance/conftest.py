"""What is asserted in the conversation is told in full."""

import pytest

pytest.register_assert_rewrite("tests.conformance.conversation", "tests.conformance.talking")
