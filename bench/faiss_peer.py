#!/usr/bin/env python3
"""FAISS's side of `aio_bench retrieval --peer PYTHON`: faiss_peer.py THREADS wall|cpu

Benchmarks: flat:ROWS:QUERIES searches an exact index (IndexFlatIP) of ROWS vectors of 512 for the 10 nearest of QUERIES
queries. Several go through FAISS's matrix product: version 1.15 leaves it off for as few as 64, where it is nine times
faster than what the default does.
"""
import sys
import time

import faiss
import numpy

from peer import serve

faiss.omp_set_num_threads(int(sys.argv[1]))
indices = {}
default_threshold = faiss.cvar.distance_compute_blas_threshold


def make(name):
    kind, rows, queries = name.split(":")
    if kind != "flat":
        return None
    if rows not in indices:
        indices.clear()  # one gallery at a time
        random = numpy.random.default_rng(1)
        index = faiss.IndexFlatIP(512)
        for _ in range(0, int(rows), 100_000):
            index.add(random.random((min(int(rows), 100_000), 512), dtype=numpy.float32))
        indices[rows] = index
    asked = numpy.random.default_rng(2).random((int(queries), 512), dtype=numpy.float32)

    def search():
        faiss.cvar.distance_compute_blas_threshold = 20 if len(asked) >= 20 else default_threshold
        return indices[rows].search(asked, 10)

    return search


serve(f"FAISS {faiss.__version__}, {sys.argv[1]} threads", make,
      clock=time.process_time if sys.argv[2] == "cpu" else time.perf_counter)
