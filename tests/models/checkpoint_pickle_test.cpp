// Hostile pickles: nothing is executed, nothing grows, every one is refused with a reason or read as plain data.

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "checkpoint_bytes.h"
#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/pickle_reader.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"

namespace aio::weights {
namespace {

using namespace test_bytes;

struct Case {
  const char* name;
  std::string bytes;        ///< opcodes that push one value
  const char* reason = "";  ///< part of the message; empty: the file is read
};

/// Kilobytes from /proc/self/status; 0 where it cannot be read.
long status_kb(const std::string& field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) return std::stol(line.substr(field.size() + 1));
  }
  return 0;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kInstrumented = true;  // which keeps freed memory, and takes its time
#else
constexpr bool kInstrumented = false;
#endif

/// Opens `bytes` as a file: within 2 s, 200 MB, and without leaving a canary.
void check_case(const test::TempDir& folder, const std::string& bytes, const Case& one) {
  INFO(one.name);
  const std::string path = folder / "case.ckpt";
  write_file(path, bytes);
  std::ofstream("/proc/self/clear_refs") << "5";  // starts the peak anew
  const long before = status_kb("VmRSS:");
  const auto start = std::chrono::steady_clock::now();
  if (*one.reason == '\0') {
    const Checkpoint checkpoint = open_checkpoint(path);
    CHECK(checkpoint.tensors.size() == 1);
  } else {
    EXPECT_ERROR(open_checkpoint(path), format, one.reason);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const long peak = status_kb("VmHWM:") - before;
  if (!kInstrumented) {
    CHECK(took.count() < 2);
    CHECK(peak < 200'000);
  }
  CHECK_FALSE(std::filesystem::exists(folder / "canary"));
}

std::vector<Case> attacks(const test::TempDir& folder) {
  const std::string command = text("touch " + (folder / "canary"));
  const std::string arguments = command + "\x85";
  const std::string short_posix = "\x8c\x05posix\x8c\x06system\x93";
  return {
      {"REDUCE", global("os", "system") + arguments + "R", "it asks Python to run os.system"},
      {"STACK_GLOBAL", short_posix + arguments + "R", "it asks Python to run posix.system"},
      {"INST", "(" + command + "ios\nsystem\n", "this file is an attack"},
      {"OBJ", "(" + global("subprocess", "Popen") + command + "o", "run subprocess.Popen"},
      {"NEWOBJ", global("subprocess", "Popen") + arguments + "\x81", "run subprocess.Popen"},
      {"NEWOBJ_EX", global("nt", "system") + arguments + "}\x92", "run nt.system"},
      {"eval", global("builtins", "eval") + arguments + "R", "run builtins.eval"},
      {"exec, Python 2", global("__builtin__", "exec") + arguments + "R", "run __builtin__.exec"},
      {"a submodule", global("os.path", "join") + arguments + "R", "run os.path.join"},
      {"a name within",
       "\x8c\x08"
       "builtins\x8c\x0d"
       "eval.__call__\x93",
       "run builtins.eval.__call__"},
      {"EXT1", "\x82\x01", "opcode 130 is not one"},
      {"EXT4", "\x84\x01\x02\x03\x04", "opcode 132 is not one"},
      {"PERSID", "P../../etc/passwd\n", "opcode 80 is not one"},
      {"text opcodes", "I01\n", "opcode 73 is not one"},
      {"out-of-band buffer", "\x97", "opcode 151 is not one"},
      {"a name with an escape", global("a\x1b[2J", "b"), "the name of a class is not one: a\\x1b[2J.b"},
      {"STACK_GLOBAL of numbers", "K\1K\2\x93", "the name of a class is not a text"},
      {"4 GB of text", "\x8d" + le(std::uint64_t{4} << 30), "4294967296 bytes are wanted"},
      {"2^64 - 1 of text", "\x8d" + le(~std::uint64_t{0}), "bytes are wanted"},
      {"2 GB of bytes", "\x8e" + le(std::uint64_t{2} << 30), "bytes are wanted"},
      {"LONG4 of 2 GB", "\x8b" + le<std::int32_t>(0x7fffffff), "2147483647 bytes are wanted"},
      {"LONG4 negative", "\x8b" + le<std::int32_t>(-1), "an integer of -1 bytes"},
      {"BINSTRING negative", "T" + le<std::int32_t>(-5), "a text of -5 bytes"},
      {"FRAME beyond the end", "\x95" + le(std::uint64_t{1} << 63), "a frame of 9223372036854775808 bytes"},
      {"lists in lists", repeat("]", 500'000) + repeat("a", 499'999), "nested deeper than 1000 levels"},
      {"tuples in tuples", ")" + repeat("\x85", 1'000'000), "nested deeper than 1000 levels"},
      {"marks in marks", repeat("(", 1'000'000), "more than 1000 open marks"},
      {"10 million empty tuples", repeat(")", 10'000'000), "more than 1000000 values on the stack"},
      {"10 million empty lists", repeat("]0", 5'000'000) + "N", "its values take more than 96000000 bytes"},
      {"10 million opcodes", repeat("N0", 5'000'000) + "N", "more than 10000000 opcodes"},
      {"a huge list", "](" + repeat(repeat("N", 900'000) + "e(", 6) + "e", "its values take more than"},
      {"memo never written", "h\x07", "the memo has no value 7"},
      {"append to a tuple", ")Na", "the value below cannot be appended to"},
      {"entries of a list", "]K\1K\2s", "the value below cannot be given entries"},
      {"a key without a value", "}(K\1u", "a key has no value"},
      {"state of a number", "K\1}b", "the value below cannot be given a state"},
      {"no mark", "tt", "there is no mark"},
      {"below the mark", "(\x85", "the stack is empty"},
      {"protocol 7", "\x80\x07N", "protocol 7, expected 2 to 5"},

      // Strange, but only data.
      {"a list in itself",
       "]q\x01h\x01"
       "a"},
      {"a dict in itself", "}q\x01K\1h\x01s"},
      {"an unknown class", global("sacred.config", "ReadOnlyDict") + ")\x81}(K\1K\2ub"},
      {"__setstate__ of an unknown class", global("evil", "Thing") + ")R" + command + "b"},
      {"getattr", global("builtins", "getattr") + "(" + global("torch", "nn") + text("Module") + "tR"},
      {"an integer of 10 bytes", "\x8a\x0a" + std::string(10, '\1')},
      {"a text that is not UTF-8", text("\xed\xa0\x80")},
  };
}

TEST_CASE("hostile pickles in the zip container") {
  const test::TempDir folder;
  for (const Case& one : attacks(folder)) {
    check_case(folder, torch_zip(state_dict_pickle(TensorCall{}.bytes(), one.bytes)), one);
  }
}

TEST_CASE("hostile pickles in the legacy container") {
  const test::TempDir folder;
  TensorCall tensor;
  tensor.legacy = "N";
  for (const Case& one : attacks(folder)) {
    LegacyParts parts;
    parts.object = state_dict_pickle(tensor.bytes(), one.bytes);
    check_case(folder, parts.bytes(), one);
  }
}

TEST_CASE("hostile pickles: a small file cannot describe a huge text, nor hyper-parameters without end") {
  const test::TempDir folder;
  std::string bomb = "](" + repeat("K\7", 10) + "e";  // ten numbers; then lists of ten times the list before
  for (int level = 0; level < 20; ++level) {
    const std::string memo(1, static_cast<char>(level + 1));
    bomb += "q" + memo + "0](" + repeat("h" + memo, 10) + "e";
  }
  const auto with_hyper = [&](const std::string& value) {
    return torch_zip(state_dict_pickle(TensorCall{}.bytes(), value, "hyper_parameters"));
  };
  check_case(folder, with_hyper(bomb), {"bomb", "", "take more than 16000000 bytes as JSON"});
  check_case(folder, with_hyper("]q\1h\1a"), {"endless", "", "or contain themselves"});
}

TEST_CASE("pickle reader: limits hold at the limit and refuse one beyond it") {
  const auto read = [](const std::string& value, const PickleLimits& limits) {
    const std::string stream = "\x80\x02" + value + ".";
    return read_pickle("p", stream, nullptr, limits).bytes;
  };
  PickleLimits limits;
  limits.opcodes = 4;  // protocol, two values, stop
  CHECK(read("N0N", {}) == 6);
  CHECK(read("]", limits) == 4);
  EXPECT_ERROR(read("N0N0N", limits), format, "more than 4 opcodes");
  limits = {};
  limits.stream_bytes = 5;
  CHECK(read("K\7", limits) == 5);
  EXPECT_ERROR(read("M\1\2", limits), format, "of the longest stream that is allowed");
  limits = {};
  limits.memo = 2;
  CHECK(read("Nq\1q\2", limits) == 8);
  EXPECT_ERROR(read("Nq\1q\2q\3", limits), format, "more than 2 values in the memo");
  limits = {};
  limits.stack = 2;
  CHECK(read("NN\x86", limits) == 6);
  EXPECT_ERROR(read("NNN\x87", limits), format, "more than 2 values on the stack");
  limits = {};
  limits.nesting = 3;
  CHECK(read(")\x85\x85\x85", limits) == 7);
  EXPECT_ERROR(read(")\x85\x85\x85\x85", limits), format, "nested deeper than 3 levels");
  limits = {};
  limits.globals = 1;
  CHECK(read(global("a", "b") + "0" + global("a", "b"), limits) == 14);
  EXPECT_ERROR(read(global("a", "b") + "0" + global("a", "c"), limits), format, "more than 1 classes");
}

TEST_CASE("pickle reader: numbers, texts and containers of protocol 2 to 5 as Python reads them") {
  // pickle.dumps([0, 255, -1, 65535, 2**31, -2**40, 2**70, 1.5, True, None, 'h\u00e9', b'ab', (1,), {2}, {'k': 3}], 4)
  const std::string stream = std::string("\x80\x04\x95\x60\0\0\0\0\0\0\0", 11) +
                             std::string(
                                 "]\x94(K\0K\xffJ\xff\xff\xff\xffM\xff\xff\x8a\5\0\0\0\x80\0\x8a\6\0\0\0\0\0\xff"
                                 "\x8a\x09\0\0\0\0\0\0\0\0@G?\xf8\0\0\0\0\0\0\x88N\x8c\3h\xc3\xa9\x94"
                                 "C\2ab\x94K\1\x85\x94\x8f\x94(K\2\x90}\x94\x8c\1k\x94K\3se.",
                                 85);
  std::string padded = stream;  // the frame's length is that of what follows it
  padded[3] = static_cast<char>(padded.size() - 11);
  const PickleStream read = read_pickle("p", padded, nullptr);
  CHECK(read.tree.to_json(read.tree.root) ==
        R"([0,255,-1,65535,2147483648,-1099511627776,"an integer of 9 bytes",1.5,true,"None","h)"
        "\xc3\xa9"
        R"(","2 bytes",[1],[2],{"k":3}])");
}

}  // namespace
}  // namespace aio::weights
