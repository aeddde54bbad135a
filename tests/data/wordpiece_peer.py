#!/usr/bin/env python3
"""Hugging Face's side of the tokenizer tests: what its Rust tokenizer makes of the same texts.

wordpiece_peer.py VOCAB texts FILE   FILE holds texts, each after its length as 4 bytes; prints for each one line: the
                                     ids uncased, the ids cased, the words uncased, the words cased
wordpiece_peer.py VOCAB hashes FILE  the FNV-1a hash of each of those lines: recorded in tests/golden/text
wordpiece_peer.py VOCAB code_points  for each block of 4096 code points the hash of the words that "aXb X\\u0301" gives,
                                     X being each of them: recorded in tests/golden/text

Needs the packages tokenizers and transformers (4.x or 5.x).
"""
import struct
import sys

import transformers
from tokenizers import normalizers, pre_tokenizers


def fnv1a(data, value=0xCBF29CE484222325):
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


NORMALIZERS = [normalizers.BertNormalizer(strip_accents=None, lowercase=lower) for lower in (False, True)]
SPLITTER = pre_tokenizers.BertPreTokenizer()


def words(text, lower):
    """Of a word past the limit of 100 characters, the first 100 and dots."""
    split = SPLITTER.pre_tokenize_str(NORMALIZERS[lower].normalize_str(text))
    return [word if len(word) <= 100 else word[:100] + "..." for word, _ in split]


def tokenizer(path, lower):
    name = "vocab" if int(transformers.__version__.split(".")[0]) >= 5 else "vocab_file"
    return transformers.BertTokenizerFast(do_lower_case=lower, **{name: path})


def read_texts(path):
    data, at = open(path, "rb").read(), 0
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + size].decode("utf-8", errors="replace")
        at += 4 + size


def lines(vocab, path):
    uncased, cased = tokenizer(vocab, True), tokenizer(vocab, False)
    for text in read_texts(path):
        ids = [" ".join(map(str, t(text)["input_ids"])) for t in (uncased, cased)]
        yield "\t".join(ids + [" ".join(words(text, lower)) for lower in (True, False)])


def code_point_hashes():
    for block in range(0, 0x110000, 0x1000):
        value = fnv1a(b"")
        for c in range(block, block + 0x1000):
            if not 0xD800 <= c < 0xE000:
                text = f"a{chr(c)}b {chr(c)}\u0301"
                value = fnv1a(" ".join(words(text, True) + words(text, False)).encode(), value)
        yield f"{value:016x}"


def main():
    vocab, mode = sys.argv[1:3]
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n")
    if mode == "texts":
        rows = lines(vocab, sys.argv[3])
    elif mode == "hashes":
        rows = (f"{fnv1a(line.encode()):016x}" for line in lines(vocab, sys.argv[3]))
    else:
        rows = code_point_hashes()
    for row in rows:
        out.write(row + "\n")


main()
