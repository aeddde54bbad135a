#!/usr/bin/env python3
"""decord's and PyAV's side of `aio_bench data --peer PYTHON`: video_peer.py FOLDER

Benchmarks: decord:FILE and pyav:FILE open a video of FOLDER and give 3 uniform frames as 224 x 224 RGB, on one thread,
as their manuals show it. Timed by the CPU, as is ours.
"""
import os
import sys
import time

import av
import decord

from peer import serve

folder = sys.argv[1]


def uniform(length, count=3):
    edges = [i * length // count for i in range(count + 1)]
    return [(edges[i] + edges[i + 1] - 1) // 2 for i in range(count)]


def read_decord(path):
    reader = decord.VideoReader(path, ctx=decord.cpu(0), width=224, height=224, num_threads=1)
    return reader.get_batch(uniform(len(reader))).asnumpy()


def read_pyav(path):
    frames = []
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.thread_count = 1
        stream.thread_type = "NONE"
        for index in uniform(stream.frames):
            time_stamp = int(index / stream.average_rate / stream.time_base)
            container.seek(time_stamp, stream=stream)
            for frame in container.decode(stream):
                if frame.pts >= time_stamp:
                    frames.append(frame.to_ndarray(format="rgb24", width=224, height=224))
                    break
    return frames


def make(name):
    kind, file = name.split(":")
    read = {"decord": read_decord, "pyav": read_pyav}[kind]
    path = os.path.join(folder, file)
    return lambda: read(path)


serve(f"decord {decord.__version__}, PyAV {av.__version__}", make, clock=time.process_time)
