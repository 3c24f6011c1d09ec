#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""peer.py LIBRARY WHAT SIZE BATCH PRECISION: the same work as bench-net by what others would run, under the same protocol.

LIBRARY torch or onnx; WHAT forward, maps, finetune or pretrain; SIZE s, b or l; PRECISION f32 or bf16. Runs in the
benchmark's own environment, never in the program's."""
import io
import os
import sys
import time

import torch
from torch import nn
from torch.nn import functional

SIZES = {"s": (384, 12, 6), "b": (768, 12, 12), "l": (1024, 24, 16)}
PATCHES, PIXELS = 196, 768


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x, maps=None):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).reshape(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        if maps is None and hasattr(functional, "scaled_dot_product_attention"):  # not in PyTorch before 2.0
            mixed = functional.scaled_dot_product_attention(q, k, v)
        else:
            probs = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).softmax(-1)
            if maps is not None:
                maps.append(probs)
            mixed = probs @ v
        x = x + self.proj(mixed.transpose(1, 2).reshape(b, t, c))
        return x + self.fc2(functional.gelu(self.fc1(self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self, dim, depth, heads):
        super().__init__()
        self.embed = nn.Conv2d(3, dim, 16, 16)
        self.cls, self.pos = nn.Parameter(torch.zeros(1, 1, dim)), nn.Parameter(torch.randn(1, PATCHES + 1, dim) * 0.02)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, images, kept=None, maps=None):
        x = self.embed(images).flatten(2).transpose(1, 2) + self.pos[:, 1:]
        if kept is not None:
            x = torch.gather(x, 1, kept[:, :, None].expand(-1, -1, x.shape[2]))
        x = torch.cat([(self.cls + self.pos[:, :1]).expand(x.shape[0], -1, -1), x], 1)
        for block in self.blocks:
            x = block(x, maps)
        return self.norm(x)


class Classifier(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.encoder, self.head = Encoder(*SIZES[size]), nn.Linear(SIZES[size][0], 2)

    def forward(self, images):
        return self.head(self.encoder(images)[:, 1:].mean(1))


class Mapped(Classifier):
    """The attention of every layer besides."""
    def forward(self, images):
        maps = []
        return self.head(self.encoder(images, maps=maps)[:, 1:].mean(1)), *maps


class Decoder(nn.Module):
    def __init__(self, dim_in, dim, depth, heads, out):
        super().__init__()
        self.embed, self.mask = nn.Linear(dim_in, dim), nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.randn(1, PATCHES + 1, dim) * 0.02)
        self.blocks = nn.ModuleList(Block(dim, heads) for _ in range(depth))
        self.norm, self.pred = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, out)

    def forward(self, latent, kept):
        x = self.embed(latent)
        full = self.mask.to(x.dtype).expand(x.shape[0], PATCHES, -1)
        full = full.scatter(1, kept[:, :, None].expand(-1, -1, x.shape[2]), x[:, 1:])
        x = torch.cat([x[:, :1], full], 1) + self.pos
        for block in self.blocks:
            x = block(x)
        return self.pred(self.norm(x))


def mlp(dim):
    return nn.Sequential(nn.Linear(dim, 2048), nn.LayerNorm(2048), nn.ReLU(), nn.Linear(2048, 256))


class Online(nn.Module):
    """FSFM's pre-training: masked reconstruction and a contrast with a slowly moving target."""

    def __init__(self, size):
        super().__init__()
        dim = SIZES[size][0]
        self.encoder = Encoder(*SIZES[size])
        self.pixels, self.rep = Decoder(dim, 512, 8, 16, PIXELS), Decoder(dim, dim, 2, 8, dim)
        self.projector, self.predictor = mlp(dim), mlp(256)

    def vector(self, latent, kept):
        return self.projector(self.rep(latent, kept).mean(1))

    def forward(self, images, kept):
        latent = self.encoder(images, kept)
        return self.pixels(latent, kept)[:, 1:], functional.normalize(self.predictor(self.vector(latent, kept)), dim=1)


def low(precision):
    return torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16")


def pretrain(size, batch, images, precision):
    online, target = Online(size), Online(size)
    optimiser = torch.optim.AdamW(online.parameters(), 1e-4, (0.9, 0.95), weight_decay=0.05)
    order = torch.rand(batch, PATCHES).argsort(1)
    kept, hidden, every = order[:, :49], order[:, 49:], torch.arange(PATCHES).expand(batch, -1)
    goal = images.unfold(2, 16, 16).unfold(3, 16, 16).permute(0, 2, 3, 4, 5, 1).reshape(batch, PATCHES, PIXELS)
    goal = (goal - goal.mean(-1, True)) / (goal.var(-1, keepdim=True) + 1e-6) ** 0.5

    def once():
        with torch.no_grad(), low(precision):
            other = functional.normalize(target.vector(target.encoder(images), every), dim=1)
        with low(precision):
            pred, vector = online(images, kept)
        error = ((pred.float() - goal) ** 2).mean(-1)
        loss = error.gather(1, hidden).mean() + 0.1 * (2 - 2 * (vector.float() * other.float()).sum(1)).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(online.parameters(), 1.0)
        optimiser.step()
        with torch.no_grad():
            for mine, theirs in zip(target.parameters(), online.parameters()):
                mine.mul_(0.996).add_(theirs, alpha=0.004)

    return once


def finetune(size, batch, images, precision):
    model = Classifier(size)
    optimiser = torch.optim.AdamW(model.parameters(), 1e-4, weight_decay=0.05)
    labels = torch.zeros(batch, dtype=torch.long)

    def once():
        with low(precision):
            logits = model(images)
        loss = functional.cross_entropy(logits.float(), labels, label_smoothing=0.1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return once


def forward(what, size, images, precision):
    model = (Mapped if what == "maps" else Classifier)(size).eval()

    def once():
        with torch.inference_mode(), low(precision):
            model(images)

    return once


def onnx(what, size, images):
    import onnxruntime

    file = io.BytesIO()
    model = (Mapped if what == "maps" else Classifier)(size).eval()
    torch.onnx.export(model, (images,), file, opset_version=17, input_names=["images"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])
    given = {"images": images.numpy()}
    return lambda: session.run(None, given)


def main():
    library, what, size, batch, precision = sys.argv[1:6]
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    images = torch.rand(int(batch), 3, 224, 224) * 2 - 1
    if library == "onnx":
        once = onnx(what, size, images)
    elif what in ("forward", "maps"):
        once = forward(what, size, images, precision)
    else:
        once = {"finetune": finetune, "pretrain": pretrain}[what](size, int(batch), images, precision)
    once()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        once()
        print(f"{(time.perf_counter() - start) * 1000:.3f}", flush=True)


main()
