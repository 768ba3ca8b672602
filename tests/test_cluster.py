"""Workers that die, hang, starve or never come: the run ends, and the table is that of one machine."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_helpers import fail, run

from scatter.errors import FileError, InputError
from scatter.extraction import Recipe, extract
from scatter.extraction import cluster as cluster_module
from scatter.extraction.cluster import ClusterCompute, compute_shard, local_cluster
from scatter.io import read_table

distributed = pytest.importorskip("distributed")
pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

RECIPE = Recipe("2d", {"J": 2, "L": 4, "pooling": None})
SHARDS = 12


@pytest.fixture(autouse=True)
def _inside_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez("x.npz", np.random.default_rng(0).random((SHARDS * 16, 32, 32), dtype=np.float32))
    extract(["x.npz"], "whole.npy", RECIPE, shard_size=16)


@pytest.fixture
def workers():
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", silence_logs=50
    ) as cluster:
        yield cluster


class After:
    """A watcher that does something once, after the first shard."""

    def __init__(self, do):
        self.do = do
        self.said = []

    def begin(self, items, done, shards, kept):
        pass

    def advance(self, items, rows):
        do, self.do = self.do, lambda: None
        do()

    def say(self, text):
        self.said.append(text)


def computed(address, watcher=None):
    report = extract(
        ["x.npz"],
        "t.npy",
        RECIPE,
        shard_size=16,
        watcher=watcher,
        compute=ClusterCompute(address, say=None if watcher is None else watcher.say),
    )
    assert report.samples == SHARDS * 16
    for name in ("", ".csv", ".json"):
        assert Path(f"t.npy{name}").read_bytes() == Path(f"whole.npy{name}").read_bytes()
    assert not list(Path().glob("*.partial"))
    return report


def pids(cluster):
    return [worker.pid for worker in cluster.workers.values()]


def test_workers_give_the_table_of_one_process_and_a_killed_one_changes_nothing(workers):
    computed(workers.scheduler_address)
    for name in ("", ".csv", ".json"):
        Path(f"t.npy{name}").unlink()
    watcher = After(lambda: os.kill(pids(workers)[0], signal.SIGKILL))
    computed(workers.scheduler_address, watcher)


def test_a_worker_that_hangs_is_not_waited_for(workers, monkeypatch):
    monkeypatch.setattr(cluster_module, "PATIENCE", 3.0)
    monkeypatch.setattr(cluster_module, "LATE", 1.0)
    victim = pids(workers)[0]
    try:
        computed(workers.scheduler_address, After(lambda: os.kill(victim, signal.SIGSTOP)))
    finally:
        os.kill(victim, signal.SIGKILL)


def test_workers_without_memory_are_given_up(monkeypatch):
    monkeypatch.setattr(cluster_module, "PATIENCE", 3.0)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address=":0", silence_logs=50, memory_limit="60MB"
    ) as cluster:
        computed(cluster.scheduler_address, After(lambda: None))


def test_a_scheduler_without_workers_does_not_hold_up_the_run(monkeypatch):
    monkeypatch.setattr(cluster_module, "PATIENCE", 0.5)
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0", silence_logs=50) as cluster:
        computed(cluster.scheduler_address)


def scheduler(port):
    code = (
        "import asyncio, distributed\n"
        "async def main():\n"
        f"    async with distributed.Scheduler(port={port}, dashboard_address=':0') as s:\n"
        "        print(s.address, flush=True)\n"
        "        await s.finished()\n"
        "asyncio.run(main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    return process, process.stdout.readline().strip()


def test_a_scheduler_that_dies_is_done_without(monkeypatch):
    monkeypatch.setattr(cluster_module, "PATIENCE", 2.0)
    process, address = scheduler(0)
    worker = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", address, "--no-dashboard", "--nthreads", "1"],
        stderr=subprocess.DEVNULL,
    )
    try:
        watcher = After(process.kill)
        computed(address, watcher)
        assert any("no answer from the scheduler" in text for text in watcher.said)
    finally:
        for one in (process, worker):
            one.kill()
            one.communicate()


def test_the_command_starts_workers_and_finds_schedulers():
    args = ("features", "x.npz", "--transform", "2d", "--J", "2", "--L", "4", "--pooling", "none")
    result = run(*args, "-o", "t.npy", "--shard-size", "16", "--workers", "2", "--jobs", "1")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("t.npy").read_bytes() == Path("whole.npy").read_bytes()
    with local_cluster(1) as address:
        assert run(*args, "-o", "u.npz", "--scheduler", address).exit_code == 0
    assert len(read_table("u.npz").features) == SHARDS * 16
    message = fail(*args, "-o", "v.npz", "--workers", "2", "--scheduler", "tcp://x:1", code=2)
    assert message == "--workers and --scheduler exclude each other: here, or on another machine"


def test_a_worker_that_sees_other_files_says_so():
    with pytest.raises(FileError, match="workers need the same folders under the same names"):
        compute_shard(str(Path("none.partial").absolute()), "x", 0, 1)
    with pytest.raises(InputError, match="workers must be at least 1, got 0"), local_cluster(0):
        pass


def test_a_bad_file_stops_workers_as_it_stops_one_process():
    Path("bad.png").write_bytes(b"bad")
    with local_cluster(1) as address, pytest.raises(FileError, match=r"bad.png: is not an image"):
        extract(["x.npz", "bad.png"], "t.npy", RECIPE, on_error="fail", compute=ClusterCompute(address))


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    message = fail("features", "x.npz", "--transform", "2d", "-o", "t.npy", "--workers", "2")
    assert "pip install 'scatter-wavelets[dask]'" in message
