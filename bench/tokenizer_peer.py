#!/usr/bin/env python3
"""Hugging Face's side of `aio_bench tokenizer --peer PYTHON`: tokenizer_peer.py VOCAB FOLDER

Benchmarks: NAME is a file of FOLDER, one text a line; a call encodes them all. The Rust tokenizer on one core and in its
fastest form: a batch, without offsets, and without the Python objects that transformers makes of it. Timed by the CPU,
as is ours.
"""
import os
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
import tokenizers
from tokenizers import BertWordPieceTokenizer

from peer import serve

vocab, folder = sys.argv[1:]
tokenizer = BertWordPieceTokenizer(vocab)._tokenizer
tokenizer.no_truncation()
tokenizer.no_padding()


def make(name):
    with open(os.path.join(folder, name), encoding="utf-8", newline="\n") as file:
        texts = file.read().split("\n")[:-1]
    encode = getattr(tokenizer, "encode_batch_fast", tokenizer.encode_batch)
    return lambda: encode(texts)


serve(f"tokenizers {tokenizers.__version__}", make, clock=time.process_time)
