#!/usr/bin/env python3
"""PIL's side of `aio_bench pictures --peer PYTHON`: picture_peer.py FOLDER

Benchmarks: NAME is a JPEG file of FOLDER; a call decodes it from memory to RGB. Timed by the CPU, as is ours.
"""
import io
import os
import sys
import time

import PIL
from PIL import Image

from peer import serve

folder = sys.argv[1]


def make(name):
    with open(os.path.join(folder, name), "rb") as file:
        encoded = file.read()
    return lambda: Image.open(io.BytesIO(encoded)).convert("RGB")


serve(f"Pillow {PIL.__version__}", make, clock=time.process_time)
