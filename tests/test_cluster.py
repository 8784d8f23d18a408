"""The sweep of the examples on a Dask cluster: the same table as on this machine's cores."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

distributed = pytest.importorskip("distributed")

SWEEP = Path(__file__).parent.parent / "examples" / "22_sweep_on_every_core.py"


@pytest.mark.filterwarnings("ignore")  # what Dask and Tornado warn of is theirs to mend
def test_the_sweep_gives_the_same_table_on_a_cluster(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [str(SWEEP)])
    runpy.run_path(str(SWEEP), run_name="__main__")
    here = capsys.readouterr().out
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        monkeypatch.setattr("sys.argv", [str(SWEEP), "--scheduler", cluster.scheduler_address])
        runpy.run_path(str(SWEEP), run_name="__main__")
    assert capsys.readouterr().out == here
    assert "Best in the median is η = 10." in here
