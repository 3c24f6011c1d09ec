#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""torch-net.py WHAT SIZE BATCH [eager|compile]: the same work as bench-net, in PyTorch on a graphics card, for comparing: ViT
with 16-pixel patches, flash attention (scaled_dot_product_attention), bfloat16 by autocast over float32 weights. WHAT:
forward, finetune (AdamW, fused), gemm (a product of BATCH x BATCH x BATCH, ten times: the matrix peak). Speaks as bench-loop.c
does: "ready", then for each line of input one run, and its milliseconds."""
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

SIZES = {"s": (384, 12, 6), "b": (768, 12, 12), "l": (1024, 24, 16)}


class Block(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-6), nn.LayerNorm(dim, eps=1e-6)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.fc1, self.fc2 = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, t, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v)
        x = x + self.proj(mixed.transpose(1, 2).reshape(b, t, c))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Vit(nn.Module):
    def __init__(self, size):
        super().__init__()
        dim, depth, heads = SIZES[size]
        self.patches = nn.Conv2d(3, dim, 16, 16)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.places = nn.Parameter(torch.randn(1, 197, dim) * 0.02)
        self.blocks = nn.Sequential(*[Block(dim, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim, eps=1e-6), nn.Linear(dim, 2)

    def forward(self, images):
        x = self.patches(images).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.places
        return self.head(self.norm(self.blocks(x)[:, 1:].mean(1)))


def make_run(what, size, batch, how):
    if what == "gemm":
        a, b = (torch.randn(batch, batch, device="cuda", dtype=torch.bfloat16) for _ in range(2))
        return lambda: [a @ b for _ in range(10)]
    net = Vit(size).cuda()
    work = torch.compile(net) if how == "compile" else net
    host = torch.rand(batch, 3, 224, 224).mul(2).sub(1).pin_memory()
    if what == "forward":
        net.eval()

        def forward():
            with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
                return work(host.cuda(non_blocking=True)).float().cpu()
        return forward
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-4, fused=True)
    labels = torch.zeros(batch, dtype=torch.long, device="cuda")

    def finetune():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16):
            loss = F.cross_entropy(work(host.cuda(non_blocking=True)).float(), labels)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimiser.step()
        return loss.item()
    return finetune


def main():
    what, size, batch = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = make_run(what, size, batch, sys.argv[4] if len(sys.argv) > 4 else "eager")
    for _ in range(3):
        run()
    torch.cuda.synchronize()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        run()
        torch.cuda.synchronize()
        print(f"{(time.perf_counter() - start) * 1e3:.4f}", flush=True)


main()
