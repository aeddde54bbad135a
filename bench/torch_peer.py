#!/usr/bin/env python3
"""The PyTorch side of `aio_bench ops|mlp|overhead --peer PYTHON`.

Names of the benchmarks are those of bench/ops.cpp, mlp.cpp and overhead.cpp; each is what a PyTorch user would write.
"""
import sys

import torch
import torch.nn.functional as F

from peer import serve

threads = int(sys.argv[1]) if len(sys.argv) > 1 else torch.get_num_threads()
torch.set_num_threads(threads)
torch.manual_seed(0)


def parse_shape(text):
    return [int(d) for d in text.split("x")]


def forward_backward(f, *inputs):
    """Backward alone cannot be called without a forward: both are timed, as on the other side."""
    leaves = [x.requires_grad_() for x in inputs]
    dy = torch.randn_like(f(*leaves))

    def run():
        for leaf in leaves:
            leaf.grad = None
        f(*leaves).backward(dy)

    return run


def forward(f, *inputs):
    def run():
        with torch.no_grad():
            f(*inputs)

    return run


def op_benchmark(kind, op, shape):
    run = forward if kind == "forward" else forward_backward
    x = torch.randn(shape)
    size = shape[-1]
    if op == "layer_norm":
        return run(lambda x, g, b: F.layer_norm(x, (size,), g, b, 1e-6), x, torch.ones(size), torch.zeros(size))
    if op == "gelu":
        return run(F.gelu, x)
    if op == "softmax":
        return run(lambda x: F.softmax(x, -1), x)
    if op == "add":
        return run(lambda a, b: a + b, x, torch.randn(shape))
    if op == "dropout":
        return run(lambda x: F.dropout(x, 0.1), x)
    if op == "cross_entropy":
        target = torch.randint(0, size, (shape[0],))
        return run(lambda x: F.cross_entropy(x, target), x)
    if op == "attention":
        batch, tokens, heads, size = shape
        q, k, v = (torch.randn(batch, heads, tokens, size) for _ in range(3))
        return run(F.scaled_dot_product_attention, q, k, v)
    return None


def adamw_benchmark(numel):
    p = torch.nn.Parameter(torch.randn(numel))
    p.grad = torch.randn(numel) * 0.01
    optimizer = torch.optim.AdamW([p], lr=1e-4, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    return optimizer.step


def mlp_benchmark(variant, rows, dim, hidden):
    model = torch.nn.Sequential(torch.nn.Linear(dim, hidden), torch.nn.GELU(), torch.nn.Linear(hidden, dim))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    x, dy = torch.randn(rows, dim), torch.randn(rows, dim)
    call = torch.compile(model) if variant == "compile" else model

    def run():
        optimizer.zero_grad(set_to_none=True)
        call(x).backward(dy)
        optimizer.step()

    return run


def tiny_adds_benchmark(count):
    x = torch.randn(8, 8, requires_grad=True)
    y = torch.randn(8, 8)
    ones = torch.ones(8, 8)

    def run():
        x.grad = None
        z = x
        for _ in range(count):
            z = z + y
        z.backward(ones)

    return run


def make(name):
    words = name.split("/")
    if words[0] == "adamw":
        return adamw_benchmark(int(words[1]))
    if words[0] == "mlp":
        return mlp_benchmark(words[1], *parse_shape(words[2]))
    if words[0] == "tiny_adds":
        return tiny_adds_benchmark(int(words[1]))
    if len(words) == 3 and words[1] in ("forward", "both"):
        return op_benchmark(words[1], words[0], parse_shape(words[2]))
    return None


serve(f"PyTorch {torch.__version__}, {threads} threads", make)
