"""One headless Chromium for all tests of the page in a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from server.page.chromium import Chromium, find_chromium


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser; skips where there is none."""
    program = find_chromium()
    if program is None:
        pytest.skip("there is no Chromium here")
    browser = Chromium(program, tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()
