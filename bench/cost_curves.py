#!/usr/bin/env python3
"""Videos a second against batch, frames, text length and image size, as an SVG with four panels.

    python3 bench/cost_curves.py --bench build/release/bin/aio_bench --out docs/images/cost.svg

Each point is the fastest step of `aio_bench train` and `aio_bench infer`; everything but the panel's own variable stays
at 4 videos of 3 frames of 224 pixels and 14 words. With --cpu-time a step is as long as the CPU worked on it, which is
right for one thread on a machine that others use too.
"""
import argparse
import json
import os
import subprocess
import sys

BASE = {"batch": 4, "frames": 3, "words": 14, "image": 224}
PANELS = {
    "batch": ("videos in a batch", [1, 2, 4, 8, 16]),
    "frames": ("frames of a video", [1, 2, 3, 4, 8, 16]),
    "words": ("tokens of a caption", [4, 14, 24, 40]),
    "image": ("pixels a side", [96, 160, 224, 320, 384]),
}
MODES = {"train": "#b3412f", "infer": "#2f5fb3"}
WIDTH, HEIGHT, MARGIN = 340, 240, 48


def videos_per_second(arguments, mode, values):
    command = [arguments.bench, mode, "--json", "--size", arguments.size, "--text", "40", "--threads",
               str(arguments.threads), "--steps", str(arguments.steps), "--warmup", "1", "--no-peak"]
    for name, value in values.items():
        command += [f"--{name}", str(value)]
    result = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return values["batch"] * 1e3 / result["cpu_ms_min"] if arguments.cpu_time else result["videos_per_s"]


def panel(label, xs, curves, left, top):
    """One diagram; both axes start at 0."""
    highest = max(y for ys in curves.values() for y in ys)

    def place(x, y):
        return (left + MARGIN + x / xs[-1] * (WIDTH - MARGIN - 16),
                top + HEIGHT - MARGIN - y / highest * (HEIGHT - MARGIN - 24))

    (x0, y0), (x1, y1) = place(0, 0), place(xs[-1], highest)
    out = [f'<path d="M{x0:.1f} {y1:.1f}V{y0:.1f}H{x1:.1f}" fill="none" stroke="#888"/>',
           f'<text x="{(x0 + x1) / 2:.1f}" y="{y0 + 34:.1f}" text-anchor="middle">{label}</text>']
    for x in xs:
        out.append(f'<text x="{place(x, 0)[0]:.1f}" y="{y0 + 16:.1f}" text-anchor="middle">{x}</text>')
    for y in (0, highest / 2, highest):
        out.append(f'<text x="{x0 - 6:.1f}" y="{place(0, y)[1] + 4:.1f}" text-anchor="end">{y:.3g}</text>')
    for mode, ys in curves.items():
        points = [place(x, y) for x, y in zip(xs, ys)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{MODES[mode]}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{MODES[mode]}"/>' for x, y in points]
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default=os.path.join(os.path.dirname(__file__), "../build/bin/aio_bench"))
    parser.add_argument("--size", default="ti")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--cpu-time", action="store_true", help="CPU time for the clock's: for --threads 1")
    parser.add_argument("--out", required=True, help="the SVG")
    arguments = parser.parse_args()
    body = []
    for number, (name, (label, xs)) in enumerate(PANELS.items()):
        curves = {mode: [videos_per_second(arguments, mode, BASE | {name: x}) for x in xs] for mode in MODES}
        print(name, json.dumps({"x": xs} | curves), file=sys.stderr)
        body += panel(label, xs, curves, number % 2 * WIDTH, 24 + number // 2 * HEIGHT)
    legend = " ".join(f'<tspan fill="{color}">{mode}</tspan>' for mode, color in MODES.items())
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDTH}" height="{2 * HEIGHT + 24}" '
                   f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
                   f'<text x="{MARGIN}" y="18">videos a second, size {arguments.size}, '
                   f'{"one core" if arguments.threads == 1 else f"{arguments.threads} threads"}: '
                   f'{legend}</text>{"".join(body)}</svg>\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
