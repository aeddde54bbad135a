#include "data/arrow_reader.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "data/dice.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

// Recorded from pyarrow 26.0.1: a table of three rows in two record batches,
//   i8 = [-1, None, 127], u16 = [1, 65535, 3], i64 = [-2**62, 0, 5], f32 = [1.5, -2.25, 0], b = [True, False, None],
//   n = nulls, s = ["", "é", None], ls = [["a", ""], [], None], st = structs, lld = [[[1.0], [], [2.0, 3.5]], [],
//   None], last = ["x", "y", "z"], ts = timestamps, d = ["p", "q", "p"] dictionary-encoded
// written by RecordBatchFileWriter; zstd.arrow is the same, compressed.
std::string fixture(const std::string& name) { return std::string(AIO_TEST_DATA) + "/golden/datasets/arrow/" + name; }

using Texts = std::vector<std::string>;

TEST_CASE("arrow: the values that pyarrow wrote, over two record batches") {
  const ArrowFile table(fixture("types.arrow"));
  REQUIRE(table.rows() == 3);
  CHECK(table.has("st"));
  CHECK_FALSE(table.has("x"));
  CHECK(table.integer("i8", 0) == -1);
  CHECK(table.integer("i8", 2) == 127);
  CHECK(table.integer("u16", 1) == 65535);
  CHECK(table.integer("i64", 0) == -(std::int64_t{1} << 62));
  CHECK(table.text("s", 0).empty());
  CHECK(table.text("s", 1) == "é");
  CHECK(table.text("s", 2).empty());
  CHECK(table.texts("ls", 0) == Texts{"a", ""});
  CHECK(table.texts("ls", 1).empty());
  CHECK(table.texts("ls", 2).empty());
  CHECK(table.nested_numbers("lld", 0) == std::vector<std::vector<double>>{{1.0}, {}, {2.0, 3.5}});
  CHECK(table.text("last", 0) == "x");
  CHECK(table.text("last", 2) == "z");
}

TEST_CASE("arrow: what is not there, or of another kind") {
  const ArrowFile table(fixture("types.arrow"));
  EXPECT_ERROR(table.integer("i8", 1), format, "column i8 holds no integer");
  EXPECT_ERROR(table.text("i8", 0), format, "column i8 holds neither bytes nor text");
  EXPECT_ERROR(table.texts("s", 0), format, "column s holds no list");
  EXPECT_ERROR(table.text("none", 0), format, "has no column none");
  EXPECT_ERROR(table.text("d", 0), format, "column d holds neither bytes nor text");
  EXPECT_ERROR(table.text("s", 3), index, "row 3 was asked for, there are 3");
  EXPECT_ERROR(ArrowFile(fixture("zstd.arrow")), format, "is compressed; write the file without compression");
}

TEST_CASE("arrow: other files and cut ones") {
  const test::TempDir folder;
  const std::string whole = test::read_text_file(fixture("types.arrow"));
  const auto open = [&](const std::string& bytes) {
    test::write_text_file(folder / "f.arrow", bytes);
    return ArrowFile(folder / "f.arrow");
  };
  EXPECT_ERROR(open("PAR1...."), format, "not an Arrow file");
  EXPECT_ERROR(open(""), format, "not an Arrow file");
  for (std::size_t bytes = 6; bytes < whole.size(); bytes += 41) {
    EXPECT_ERROR(open(whole.substr(0, bytes)), format, "f.arrow: ");
  }
}

TEST_CASE("arrow: no changed byte leads outside the file") {
  const test::TempDir folder;
  const std::string whole = test::read_text_file(fixture("types.arrow"));
  Dice dice({1, 0, 0});
  int refused = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string bytes = whole;
    for (int k = 0; k < 3; ++k) {
      bytes[static_cast<std::size_t>(dice.below(static_cast<std::int64_t>(bytes.size())))] =
          static_cast<char>(dice.bits());
    }
    test::write_text_file(folder / "f.arrow", bytes);
    try {
      const ArrowFile table(folder / "f.arrow");
      for (std::int64_t row = 0; row < std::min<std::int64_t>(table.rows(), 3); ++row) {
        table.text("s", row);
        table.texts("ls", row);
        table.nested_numbers("lld", row);
        table.integer("i64", row);
      }
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > 100);
}

}  // namespace
}  // namespace aio
