#!/usr/bin/env python3
"""Whole steps of the model, ours against PyTorch's: aio_bench train|infer beside bench/torch_step_peer.py.

    venv/bin/python bench/compare_torch.py --bench build/release/bin/aio_bench [--quick] [--only "ti train"] [--json]

Every round runs each contender of a case once, in turn, as a process of its own, and keeps its fastest step: the
machine is shared, so the minimum of several rounds is what the hardware gives, and turns spread a neighbour's load over
all contenders. The ratio is against the fastest of PyTorch's contenders (eager, torch.compile). Peak memory is the
largest resident size of the process, asked of the kernel in the same way for both.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# name: size, mode, batch, pixels a side, steps and warm-up steps of one process
CASES = {
    "ti train": ("ti", "train", 8, 224, 3, 1),
    "s train": ("s", "train", 4, 224, 3, 1),
    "b train": ("b", "train", 4, 224, 2, 1),
    "micro train": ("micro", "train", 32, 96, 6, 2),
    "ti infer": ("ti", "infer", 8, 224, 6, 2),
    "b infer": ("b", "infer", 4, 224, 4, 1),
}


def run(command):
    """Runs one process; returns its JSON with `rss_bytes`, or None where it failed."""
    with tempfile.TemporaryFile("w+") as error:  # not a pipe: nobody reads it while the process runs
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=error, text=True) as process:
            out = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            error.seek(0)
            print(f"{' '.join(command)}: exit code {process.returncode}: {error.read()[-300:]}", file=sys.stderr)
            return None
    result = json.loads(out.splitlines()[-1])
    result["rss_bytes"] = usage.ru_maxrss * 1024
    return result


def contenders(case, dtype, arguments):
    """name -> command; the first is ours."""
    size, mode, batch, image, steps, warmup = CASES[case]
    shape = ["--size", size, "--batch", batch, "--frames", 3, "--image", image, "--text", 40, "--words", 14, "--dtype",
             dtype, "--threads", arguments.threads, "--steps", steps, "--warmup", warmup]
    shape = [str(word) for word in shape]
    peer = [sys.executable, arguments.peer, "--mode", mode] + shape
    found = {"aio": [arguments.bench, mode, "--json"] + shape, "eager": peer}
    if not arguments.quick:
        found["compile"] = peer + ["--compile"]
    return found


def compare(case, dtype, arguments):
    best = {}
    for _ in range(arguments.rounds):
        for name, command in contenders(case, dtype, arguments).items():
            result = run(command)
            if result and (name not in best or result["ms_min"] < best[name]["ms_min"]):
                best[name] = result
    ours, peers = best.get("aio"), {name: r for name, r in best.items() if name != "aio"}
    if not ours or not peers:
        return None
    fastest = min(peers, key=lambda name: peers[name]["ms_min"])
    row = {"case": case, "dtype": dtype, "batch": ours["batch"], "aio_ms": ours["ms_min"]}
    row |= {f"{name}_ms": peers[name]["ms_min"] for name in peers}
    row |= {
        "aio_videos_per_s": ours["videos_per_s"],
        "of_torch": peers[fastest]["ms_min"] / ours["ms_min"],
        "fastest_peer": fastest,
        "aio_fraction_of_peak": ours["fraction_of_peak"],
        "torch_fraction_of_peak": peers[fastest]["fraction_of_peak"],
        "aio_gemm_peak_tflops": ours["gemm_peak_tflops"],
        "torch_gemm_peak_tflops": peers[fastest]["gemm_peak_tflops"],
        "aio_rss_bytes": ours["rss_bytes"],
        "memory_of_torch": ours["rss_bytes"] / peers[fastest]["rss_bytes"],
    }
    return row


def text(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=os.path.join(HERE, "../build/bin/aio_bench"), help="our program")
    parser.add_argument("--peer", default=os.path.join(HERE, "torch_step_peer.py"), help="the PyTorch program")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=3, help="turns of each contender; the fastest counts")
    parser.add_argument("--dtype", action="append", choices=["f32", "bf16"], help="default: both")
    parser.add_argument("--only", action="append", default=[], metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true", help="eager only, one round, f32 unless --dtype says otherwise")
    parser.add_argument("--json", action="store_true", help="one JSON document on one line")
    arguments = parser.parse_args()
    for case in arguments.only:
        if case not in CASES:
            parser.error(f"--only: no case {case!r}, expected one of: {', '.join(CASES)}")
    if arguments.quick:
        arguments.rounds = 1
    dtypes = arguments.dtype or (["f32"] if arguments.quick else ["f32", "bf16"])
    rows = []
    for dtype in dtypes:
        for case in arguments.only or CASES:
            row = compare(case, dtype, arguments)
            if row is None:
                continue
            if not arguments.json:
                if not rows:
                    print("| " + " | ".join(row) + " |\n|" + "---|" * len(row))
                print("| " + " | ".join(text(value) for value in row.values()) + " |", flush=True)
            rows.append(row)
    if arguments.json:
        print(json.dumps({"threads": arguments.threads, "rounds": arguments.rounds, "rows": rows}))
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
