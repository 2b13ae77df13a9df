"""Every request that a real client was recorded to send, sent to our server as it was, byte for byte."""

from __future__ import annotations

import pytest
from clients.goldens import Golden, all_goldens
from clients.judging import judge
from clients.own_server import OwnServer
from clients.wire import exchange

GOLDENS = all_goldens()


@pytest.mark.parametrize("golden", GOLDENS, ids=[golden.name for golden in GOLDENS])
def test_a_recorded_request_is_answered(golden: Golden, server: OwnServer) -> None:
    judge(golden, exchange(server.url, golden))
