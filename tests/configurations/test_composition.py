"""The platform put together in each role: one server for a folder, any number of others beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from anomaly_detection.configurations.basic.composition import Platform
from anomaly_detection.configurations.settings import Settings
from anomaly_detection.shared.errors import Conflict


def test_there_is_one_server_for_a_folder_and_others_beside_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    server = Platform(settings)
    tool = Platform(settings, "tool")
    tool.accounts.create_tenant("ours")
    with pytest.raises(Conflict) as caught:
        Platform(settings)
    assert caught.value.code == "platform.data_dir_in_use"
    server.close()
    Platform(settings).close()
    tool.close()
