#pragma once
// Reads a pickle as a description of values, without executing anything.
//
// A pickle is a program for a stack machine, and Python's reader imports and calls whatever the program names. This one
// only writes down what would be called (value_tree.h): it looks nothing up, so there is nothing to trick. A stream
// that names what no checkpoint needs (os.system and its like) is refused all the same, because somebody meant harm.
//
// Opcodes of protocol 2 to 5, which is what torch.save writes. Refused: the text opcodes of protocol 0, the extension
// registry and out-of-band buffers.
//
// Source: CPython's Lib/pickletools.py, which documents each opcode.

#include <memory>
#include <string>
#include <string_view>

#include "models/checkpoint/value_tree.h"

namespace aio::weights {

struct PickleLimits {
  std::size_t stream_bytes = 64'000'000;
  std::size_t opcodes = 10'000'000;
  std::size_t memo = 1'000'000;
  std::size_t stack = 1'000'000;
  std::size_t globals = 10'000;     ///< different names
  std::size_t memory = 96'000'000;  ///< bytes of everything that is built
  int nesting = 1'000;
};

struct PickleStream {
  ValueTree tree;
  std::size_t bytes;  ///< that the pickle took, with its STOP
};

/// Reads the pickle at the start of `bytes`; `owner` keeps them alive. Throws Error{format} "what: not a readable
/// pickle: ..." with the opcode and its offset.
PickleStream read_pickle(const std::string& what, std::string_view bytes, std::shared_ptr<const Storage> owner,
                         const PickleLimits& limits = {});

}  // namespace aio::weights
