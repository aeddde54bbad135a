"""What the peers of aio_bench share: answering its requests for timings.

A request is a line, "NAME SECONDS": the benchmark NAME is run repeatedly for about that long, and the answer is the
fastest time of one call in seconds, or "unknown". aio_bench alternates requests with runs of its own code, so that both
sides see the same machine.
"""
import sys
import time


def serve(description, make, clock=time.perf_counter):
    """Prints the description, then answers until the input ends. make(name) gives what to call, or None."""
    print(description, flush=True)
    benchmarks = {}
    for line in sys.stdin:
        name, seconds = line.split()
        if name not in benchmarks:
            benchmarks.clear()  # one benchmark's buffers at a time
            benchmarks[name] = make(name)
            for _ in range(3 if benchmarks[name] else 0):
                benchmarks[name]()
        run = benchmarks[name]
        if run is None:
            print("unknown", flush=True)
            continue
        best, end = float("inf"), clock() + float(seconds)
        while True:
            start = clock()
            run()
            now = clock()
            best = min(best, now - start)
            if now >= end:
                break
        print(f"{best:.9f}", flush=True)
