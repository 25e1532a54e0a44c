"""Data-parallel link training by several processes on one machine, each on its own stretch of time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import orjson
import torch
import torch.distributed
from safetensors.torch import load_file, save_file
from torch.nn.parallel import DistributedDataParallel

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork

if TYPE_CHECKING:
    from torch_geometric.data import TemporalData

_LOOK_SECONDS = 0.05
_TASK, _WEIGHTS, _STREAM = "task.json", "weights.safetensors", "stream.safetensors"


@dataclass(frozen=True, slots=True)
class _Task:
    """What every process must know."""

    processes: int
    nodes: int
    message_dim: int
    model: ModelSettings
    link: LinkTrainingSettings
    epochs: int

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        model, link = ModelSettings(**values["model"]), LinkTrainingSettings(**values["link"])
        return cls(**{**values, "model": model, "link": link})


def train_in_parallel(
    model: TemporalGraphNetwork, data: TemporalData, settings: LinkTrainingSettings, epochs: int, processes: int
) -> list[float]:
    """Trains the weights of `model`; its memory is left empty.

    Each process has a memory of its own, which begins empty with its stretch, and after each batch the
    gradients are averaged: the memory parallelism of DistTGL (Zhou et al. 2023) through torch's DDP. The
    first interactions of a stretch are learnt without what went before, so that stretches should be long.
    The same number of processes gives the same bits.

    Args:
        model: where the weights begin, and end.
        data: `src, dst, t` int64 `[E]` in order of time, `msg` float32 `[E, M]`.
        settings: of each process; the seed is moved on by its rank.
        epochs: passes over all stretches.
        processes: how many, at most one for each batch.

    Returns:
        Mean loss of each epoch.

    Raises:
        RuntimeError: a process failed; the message ends with what it said.
    """
    with tempfile.TemporaryDirectory(prefix="trend-parallel-") as folder:
        task = _Task(processes, model.num_nodes, model.message_dim, model.settings, settings, epochs)
        _hand_out(Path(folder), task, model, data)
        _run(folder, processes)
        trained = load_file(Path(folder) / _WEIGHTS)
    losses = trained.pop("losses").tolist()
    model.load_state_dict(trained, strict=False)
    model.reset()
    return losses


def stretch(events: int, batch: int, rank: int, processes: int) -> slice:
    """The interactions of one process: whole batches, as many for each, from the latest ones backwards.

    What is too little to give every process another batch is left out at the beginning, where it is oldest.
    """
    each = events // batch // processes * batch or events // processes
    first = events - each * (processes - rank)
    return slice(first, first + each)


def _hand_out(folder: Path, task: _Task, model: TemporalGraphNetwork, data: TemporalData) -> None:
    (folder / _TASK).write_bytes(orjson.dumps(task))
    save_file({name: value.detach().clone() for name, value in model.named_parameters()}, folder / _WEIGHTS)
    columns = {"src": data.src, "dst": data.dst, "t": data.t, "msg": data.msg}
    save_file({name: column.contiguous() for name, column in columns.items()}, folder / _STREAM)


def _run(folder: str, processes: int) -> None:
    """Starts a process a rank and waits for all.

    Plain processes of this module: those of multiprocessing would import whatever the caller's main program is.
    """
    command = [sys.executable, "-m", "trend_assets.tgn.parallel", folder]
    logs = [Path(folder) / f"{rank}.log" for rank in range(processes)]
    workers = []
    try:
        for rank, log in enumerate(logs):
            with log.open("wb") as errors:
                workers.append(subprocess.Popen([*command, str(rank)], stderr=errors))
        while any(worker.poll() is None for worker in workers) and not any(worker.returncode for worker in workers):
            time.sleep(_LOOK_SECONDS)
    finally:
        # Where one has failed the others wait for it.
        for worker in workers:
            worker.kill()
            worker.wait()
    for worker, log in zip(workers, logs, strict=True):
        if worker.returncode > 0:
            said = log.read_text(errors="replace").strip()[-500:]
            raise RuntimeError(f"a process that trains the network failed: {said}")
    if any(worker.returncode for worker in workers):
        raise RuntimeError("a process that trains the network was killed, perhaps for want of memory")


def work(folder: Path, rank: int) -> NoReturn:
    """What the process of one rank does, to its end.

    It ends without taking anything down. torch joins Gloo's threads while it holds the interpreter's lock,
    and a thread that drops its last tensor waits for that lock: now and then a process stood still for ever.
    """
    status = 1
    try:
        task = _Task.from_json(orjson.loads((folder / _TASK).read_bytes()))
        torch.set_num_threads(1)
        rendezvous = f"file://{folder}/rendezvous"
        torch.distributed.init_process_group("gloo", init_method=rendezvous, rank=rank, world_size=task.processes)
        model = TemporalGraphNetwork(task.nodes, task.message_dim, task.model)
        model.load_state_dict(load_file(folder / _WEIGHTS), strict=False)
        trainer = LinkTrainer(model, task.link.of_rank(rank), _averaged)
        own = _own(folder, task, rank)
        losses = torch.tensor([trainer.train_epoch(own).loss for _ in range(task.epochs)])
        torch.distributed.all_reduce(losses)
        if rank == 0:
            trained = {name: value.detach() for name, value in model.named_parameters()}
            save_file({**trained, "losses": losses / task.processes}, folder / _WEIGHTS)
        torch.distributed.barrier()
        status = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _own(folder: Path, task: _Task, rank: int) -> TemporalData:
    """The stretch of one process."""
    from torch_geometric.data import TemporalData

    stream = load_file(folder / _STREAM)
    own = stretch(len(stream["src"]), task.link.batch_size, rank, task.processes)
    return TemporalData(**{name: column[own] for name, column in stream.items()})


def _averaged(objective: torch.nn.Module) -> torch.nn.Module:
    # Each process keeps its own memory, and a first batch has nothing to teach the updater with.
    return DistributedDataParallel(objective, broadcast_buffers=False, find_unused_parameters=True)


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
