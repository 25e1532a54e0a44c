"""Link training by several processes on one machine, each on a stretch of time of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
import torch.distributed
import torch.multiprocessing
from safetensors.torch import load_file, save_file
from torch.nn.parallel import DistributedDataParallel
from torch_geometric.data import TemporalData

from trend_assets.tgn.link_training import LinkTrainer, LinkTrainingSettings
from trend_assets.tgn.model import ModelSettings, TemporalGraphNetwork

_WEIGHTS = "weights.safetensors"


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
    """
    weights = {name: value.detach().clone() for name, value in model.named_parameters()}
    columns = [column.clone().share_memory_() for column in (data.src, data.dst, data.t, data.msg)]
    with tempfile.TemporaryDirectory(prefix="trend-parallel-") as folder:
        save_file(weights, Path(folder) / _WEIGHTS)
        shape = (model.num_nodes, model.message_dim, model.settings)
        torch.multiprocessing.spawn(
            _work, (processes, folder, shape, columns, settings, epochs), nprocs=processes, join=True
        )
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


def _work(
    rank: int,
    processes: int,
    folder: str,
    shape: tuple[int, int, ModelSettings],
    columns: list[torch.Tensor],
    settings: LinkTrainingSettings,
    epochs: int,
) -> None:
    torch.set_num_threads(1)
    rendezvous = f"file://{folder}/rendezvous"
    torch.distributed.init_process_group("gloo", init_method=rendezvous, rank=rank, world_size=processes)
    try:
        model = TemporalGraphNetwork(*shape)
        model.load_state_dict(load_file(Path(folder) / _WEIGHTS), strict=False)
        trainer = LinkTrainer(model, settings.of_rank(rank), _averaged)
        own = stretch(len(columns[0]), settings.batch_size, rank, processes)
        src, dst, times, messages = (column[own] for column in columns)
        data = TemporalData(src=src, dst=dst, t=times, msg=messages)
        losses = torch.tensor([trainer.train_epoch(data).loss for _ in range(epochs)])
        torch.distributed.all_reduce(losses)
        if rank == 0:
            trained = {name: value.detach() for name, value in model.named_parameters()}
            save_file({**trained, "losses": losses / processes}, Path(folder) / _WEIGHTS)
        torch.distributed.barrier()
    finally:
        torch.distributed.destroy_process_group()


def _averaged(objective: torch.nn.Module) -> torch.nn.Module:
    # Each process keeps its own memory, and a first batch has nothing to teach the updater with.
    return DistributedDataParallel(objective, broadcast_buffers=False, find_unused_parameters=True)
