"""Texts a second of one core: plain `encode`, the platform's exact mode, a static table, other runtimes; paired.

    python -m trend_assets_tests.benchmarks.embedding_speed --static FOLDER [--texts 400] [--rounds 3]

FOLDER is what `trend embeddings distil` has written. Texts are tweets of 2015, drawn evenly. Each round embeds the
same texts in every way, one after another; a way's time is the least CPU time of its rounds. ONNX Runtime and OpenVINO
are measured where `pip install onnx onnxruntime openvino` was said; the model is exported on the spot. Cosines are to
the vectors of plain `encode` (float32).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from trend_assets.enrichment.embedder import RealtimeTextEmbedder, normalise_text
from trend_assets_tests.benchmarks.phrases import tweets

Way = Callable[[list[str]], np.ndarray]
#: What `embed` takes in one pass.
_BATCH = 64


def ways(static: Path, folder: Path) -> Iterator[tuple[str, Way]]:
    """Names and what they do with texts."""
    exact = RealtimeTextEmbedder()
    table = RealtimeTextEmbedder(str(static))
    yield "plain encode", lambda texts: np.asarray(exact.model.encode(texts, show_progress_bar=False))
    yield "exact mode", exact.embed
    yield "static mode", table.embed
    if find_spec("onnxruntime") and find_spec("onnx"):
        exported = _export(exact, folder / "model.onnx")
        for name, file in _onnx_files(exported, folder):
            session = _session(file)
            yield f"ONNX Runtime {name}", lambda texts, session=session: _batched(exact, texts, session)
        if find_spec("openvino"):
            compiled = _openvino(exported)
            yield "OpenVINO float32", lambda texts: _batched(exact, texts, compiled)


def _export(exact: RealtimeTextEmbedder, file: Path) -> Path:
    """The model as ONNX, from token ids to vectors of unit length."""
    import torch
    from transformers import AutoModel

    class ToVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = AutoModel.from_pretrained(
                exact.model[0].auto_model.name_or_path, attn_implementation="eager"
            )

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.network(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
            kept = attention_mask.unsqueeze(-1).to(states.dtype)
            return torch.nn.functional.normalize((states * kept).sum(1) / kept.sum(1), dim=1)

    example = torch.ones(2, 16, dtype=torch.long)
    names = ["input_ids", "attention_mask"]
    axes = {name: {0: "texts", 1: "tokens"} for name in names} | {"vectors": {0: "texts"}}
    torch.onnx.export(
        ToVectors().eval(), (example, example), str(file), input_names=names, output_names=["vectors"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    return file


def _onnx_files(exported: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """As it is, its attention fused, and with int8 products, weights scaled by column."""
    fusing = import_module("onnxruntime.transformers.optimizer")
    quantising = import_module("onnxruntime.quantization")
    yield "float32", exported
    fused, int8 = folder / "fused.onnx", folder / "int8.onnx"
    fusing.optimize_model(str(exported), "bert", num_heads=12, hidden_size=384).save_model_to_file(str(fused))
    yield "float32, fused", fused
    # Processors without VNNI add pairs of products in 16 bits, which weights of 8 bits overflow.
    quantising.quantize_dynamic(
        str(fused), str(int8), per_channel=True, reduce_range=not _has_vnni(),
        extra_options={"DefaultTensorType": import_module("onnx").TensorProto.FLOAT},
    )  # fmt: skip
    yield "int8 by column", int8


def _has_vnni() -> bool:
    return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8")


def _session(file: Path) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    runtime = import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    return lambda inputs: np.asarray(session.run(None, inputs)[0])


def _openvino(exported: Path) -> Callable[[dict[str, np.ndarray]], np.ndarray]:
    compiled = (
        import_module("openvino")
        .Core()
        .compile_model(
            str(exported), "CPU", {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "THROUGHPUT", "NUM_STREAMS": 1}
        )
    )
    return lambda inputs: np.asarray(compiled(inputs)[0])


def _batched(
    exact: RealtimeTextEmbedder, texts: list[str], run: Callable[[dict[str, np.ndarray]], np.ndarray]
) -> np.ndarray:
    """As the exact mode does: without links, in batches of like length."""
    encode = exact.model.tokenizer
    encoded = encode([normalise_text(text) for text in texts], truncation=True, max_length=exact.model.max_seq_length)
    order = np.argsort([len(ids) for ids in encoded["input_ids"]], kind="stable")
    found: dict[int, np.ndarray] = {}
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH].tolist()
        ids = [encoded["input_ids"][row] for row in rows]
        mask = np.arange(max(map(len, ids)))[None] < np.array([len(each) for each in ids])[:, None]
        padded = np.zeros(mask.shape, dtype=np.int64)
        padded[mask] = np.concatenate(ids)
        found |= dict(zip(rows, run({"input_ids": padded, "attention_mask": mask.astype(np.int64)}), strict=True))
    return np.stack([found[row] for row in range(len(texts))])


def measured(texts: list[str], rounds: int, static: Path) -> None:
    """Prints a line for each way."""
    with tempfile.TemporaryDirectory() as folder:
        all_ways = dict(ways(static, Path(folder)))
        vectors = {name: way(texts[:_BATCH]) for name, way in all_ways.items()}
        seconds: dict[str, list[float]] = {name: [] for name in all_ways}
        for _ in range(rounds):
            for name, way in all_ways.items():
                begun = time.process_time()
                vectors[name] = way(texts)
                seconds[name].append(time.process_time() - begun)
    exact = RealtimeTextEmbedder().model
    without_links = np.asarray(exact.encode([normalise_text(text) for text in texts], show_progress_bar=False))
    plain = min(seconds["plain encode"])
    for name, spent in seconds.items():
        # What is encoded plainly has its links; the others are compared with the same texts without.
        right = vectors[name] if name == "plain encode" else without_links
        cosine = (vectors[name] * right).sum(axis=1)
        print(
            f"{name:28} {len(texts) / min(spent):9,.1f} texts/s, {plain / min(spent):7.2f} x plain; "
            f"cosine 1 % {np.quantile(cosine, 0.01):.4f}, mean {cosine.mean():.4f}"
        )
    encoded = exact.tokenizer([normalise_text(text) for text in texts])["input_ids"]
    tokens = float(np.mean([len(ids) for ids in encoded]))
    config = exact[0].auto_model.config
    wide, inner = config.hidden_size, config.intermediate_size
    products = 2 * config.num_hidden_layers * (4 * wide * wide + 2 * wide * inner)
    for name, spent in seconds.items():
        if name != "static mode" and name != "plain encode":
            rate = len(texts) * tokens * products / min(spent)
            print(f"{name:28} {rate / 1e9:6.1f} GFLOP/s in products of weights ({products / 1e6:.1f} MFLOP a token)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--static", type=Path, required=True, help="a folder of `trend embeddings distil`")
    parser.add_argument("--texts", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    every = tweets("2015-01", "2015-06")["text"].unique(maintain_order=True).to_list()
    texts = every[:: max(1, len(every) // options.texts)][: options.texts]
    measured(texts, options.rounds, options.static)


if __name__ == "__main__":
    main()
