"""Fixtures for every test."""

from collections.abc import Iterator

import pytest

from tests.simulated import Simulator, running_simulator


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    """The one simulator of this test run, with 60 people; TLS clients made later trust its CA."""
    with running_simulator("--people", "60") as simulator, pytest.MonkeyPatch.context() as patch:
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            patch.setenv(name, simulator.env[name])
        for name in set(simulator.env) - {"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}:
            patch.delenv(name, raising=False)
        yield simulator


@pytest.fixture
def simulator(simulator_process: Simulator) -> Simulator:
    """The simulator, freshly reset: no installs, messages, faults or bot address.

    The company stays as it is: who changes a person by PATCH changes them for the whole run.
    """
    simulator_process.reset()
    return simulator_process
