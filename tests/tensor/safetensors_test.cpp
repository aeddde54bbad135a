#include "tensor/safetensors.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "tensor/random.h"
#include "tensor/raw.h"
#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string with_header(const std::string& header, const std::string& data = {}) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

bool accepts(const std::string& bytes, const test::TempDir& folder) {
  const std::string path = folder / "case.safetensors";
  write_file(path, bytes);
  try {
    const SafetensorsFile file(path);
    return true;
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::format);
    return false;
  }
}

TEST_CASE("safetensors: a round trip keeps every type, shape and bit") {
  const test::TempDir folder;
  std::map<std::string, Tensor> tensors;
  tensors["weight"] = normal({3, 5}, 0, 1, {1, 2, 3});
  tensors["half"] = normal({7}, 0, 1, {4}, {DType::bf16, {}});
  tensors["double"] = normal({2, 2}, 0, 1, {5}, {DType::f64, {}});
  tensors["ids"] = random_integers({4}, -5, 5, {6});
  tensors["mask"] = Tensor::full({3}, 1, {DType::u8, {}});
  tensors["empty"] = Tensor::empty({0, 4});
  tensors["scalar"] = Tensor::scalar(2.5);
  tensors["strided"] = raw::transpose(normal({4, 6}, 0, 1, {7}), 0, 1);
  save_safetensors(folder / "all.safetensors", tensors, {{"format", "pt"}, {"unicode", "\xc3\xa9"}});

  const SafetensorsFile file(folder / "all.safetensors");
  CHECK(file.entries().size() == tensors.size());
  CHECK(file.metadata().at("unicode") == "\xc3\xa9");
  for (const auto& entry : tensors) {  // clang 14 cannot capture structured bindings
    const Tensor& expected = entry.second;
    INFO(entry.first);
    const Tensor loaded = file.tensor(entry.first);
    CHECK(loaded.shape() == expected.shape());
    REQUIRE(loaded.dtype() == expected.dtype());
    dispatch_all(expected.dtype(), [&]<class T>() {
      const std::vector<T> a = loaded.to_vector<T>();
      const std::vector<T> b = expected.to_vector<T>();
      REQUIRE(a.size() == b.size());
      CHECK((a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0));
    });
  }
}

TEST_CASE("safetensors: tensors outlive the file object, and writing to one leaves the file alone") {
  const test::TempDir folder;
  const std::string path = folder / "w.safetensors";
  save_safetensors(path, {{"w", Tensor::full({4}, 3)}});
  Tensor w;
  {
    const SafetensorsFile file(path);
    w = file.tensor("w");
  }
  raw::fill_(w, 7);
  CHECK(w.to_vector<float>() == std::vector<float>{7, 7, 7, 7});
  CHECK(load_safetensors(path).at("w").to_vector<float>() == std::vector<float>{3, 3, 3, 3});
}

TEST_CASE("safetensors: saving over the file that a tensor is mapped from is safe") {
  const test::TempDir folder;
  const std::string path = folder / "w.safetensors";
  save_safetensors(path, {{"w", Tensor::full({100000}, 3)}});
  const auto tensors = load_safetensors(path);
  save_safetensors(path, {{"w", tensors.at("w")}, {"x", Tensor::full({2}, 1)}});
  CHECK(tensors.at("w").to_vector<float>()[99999] == 3);
  CHECK(load_safetensors(path).at("w").to_vector<float>()[99999] == 3);
}

TEST_CASE("safetensors: the bytes are those of the reference's serializer") {
  // safetensors 0.8: serialize({"b": F32 [2] (1, 2), "a": U8 [1] (9), "c": F32 [1] (3)}, {"k": "v"})
  const test::TempDir folder;
  const std::string path = folder / "s.safetensors";
  save_safetensors(path,
                   {{"b", Tensor::from(std::vector<float>{1, 2}, {2})},
                    {"a", Tensor::from(std::vector<std::uint8_t>{9}, {1})},
                    {"c", Tensor::from(std::vector<float>{3}, {1})}},
                   {{"k", "v"}});
  const std::string header =
      R"({"__metadata__":{"k":"v"},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("c":{"dtype":"F32","shape":[1],"data_offsets":[8,12]},"a":{"dtype":"U8","shape":[1],"data_offsets":[12,13]}})";
  const std::string padded = header + std::string((8 - header.size() % 8) % 8, ' ');
  const float values[] = {1, 2, 3};
  std::string data(13, '\x09');
  std::memcpy(data.data(), values, 12);
  CHECK(test::read_text_file(path) == with_header(padded, data));
}

TEST_CASE("safetensors: foreign element types are converted, misaligned data is copied") {
  const test::TempDir folder;
  const std::string path = folder / "foreign.safetensors";
  // One byte first, so that everything behind it is misaligned.
  std::string data = "\x01";
  const std::uint16_t halves[] = {0x3c00, 0xc000, 0x0001, 0x7c00, 0x8000, 0x7bff};
  data.append(reinterpret_cast<const char*>(halves), sizeof(halves));
  const std::int32_t ints[] = {-7, 2147483647};
  data.append(reinterpret_cast<const char*>(ints), sizeof(ints));
  const float floats[] = {1.5F, -2.5F};
  data.append(reinterpret_cast<const char*>(floats), sizeof(floats));
  write_file(path, with_header(R"({"b":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]},)"
                               R"("h":{"dtype":"F16","shape":[6],"data_offsets":[1,13]},)"
                               R"("i":{"dtype":"I32","shape":[2],"data_offsets":[13,21]},)"
                               R"("f":{"dtype":"F32","shape":[2],"data_offsets":[21,29]}})",
                               data));
  const auto tensors = load_safetensors(path);
  CHECK(tensors.at("b").to_vector<std::uint8_t>() == std::vector<std::uint8_t>{1});
  CHECK(tensors.at("i").to_vector<std::int64_t>() == std::vector<std::int64_t>{-7, 2147483647});
  CHECK(tensors.at("f").to_vector<float>() == std::vector<float>{1.5F, -2.5F});
  const auto h = tensors.at("h").to_vector<float>();
  CHECK(h == std::vector<float>{1.0F, -2.0F, 0x1p-24F, INFINITY, -0.0F, 65504.0F});
  CHECK(std::signbit(h[4]));
}

TEST_CASE("safetensors: messages name the file, the tensor and the numbers") {
  const test::TempDir folder;
  const std::string path = folder / "bad.safetensors";
  const auto open_with = [&](const std::string& bytes) {
    write_file(path, bytes);
    return SafetensorsFile(path);
  };
  EXPECT_ERROR(SafetensorsFile(folder / "missing"), io, "missing: cannot open: No such file");
  EXPECT_ERROR(SafetensorsFile(folder.path().string()), io, "not a regular file");
  EXPECT_ERROR(open_with("1234567"), format, "the file has 7 bytes");
  EXPECT_ERROR(open_with(with_header("{}").substr(0, 9)), format, "truncated");
  EXPECT_ERROR(open_with(with_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234567")), format,
               "the header describes 8 bytes of data, the file has 7 (truncated)");
  EXPECT_ERROR(open_with(with_header(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}})", "12345678")), format,
               "tensor a has 8 bytes, its shape and dtype F32 need 4");
  EXPECT_ERROR(open_with(with_header(R"({"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":1})")), format,
               "the header has the key \"a\" twice");
  EXPECT_ERROR(open_with(with_header(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", "1")).tensor("a"),
               format, "has dtype F8_E4M3, which has no counterpart");
  EXPECT_ERROR(open_with(with_header("{}")).tensor("w"), value, "has no tensor w");
}

TEST_CASE("safetensors: limits hold at the limit and refuse one beyond it") {
  const test::TempDir folder;
  const std::string path = folder / "limit.safetensors";
  write_file(path, with_header(R"({"abc":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                               R"("d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})"));
  const std::size_t header = test::read_text_file(path).size() - 8;
  CHECK(SafetensorsFile(path, {header, 2, 3}).entries().size() == 2);
  EXPECT_ERROR(SafetensorsFile(path, {header - 1, 2, 3}), format, "at most");
  EXPECT_ERROR(SafetensorsFile(path, {header, 1, 3}), format, "more than 1 tensors");
  EXPECT_ERROR(SafetensorsFile(path, {header, 2, 2}), format, "name has 3 bytes");
}

TEST_CASE("safetensors: a failed save leaves the old file and no other") {
  const test::TempDir folder;
  const std::string path = folder / "w.safetensors";
  save_safetensors(path, {{"w", Tensor::full({4}, 3)}});
  const std::string before = test::read_text_file(path);
  EXPECT_ERROR(save_safetensors(path, {{"w", Tensor()}}), value, "tensor w is undefined");
  EXPECT_ERROR(save_safetensors(path, {{"\xff", Tensor::full({4}, 3)}}), value, "not valid UTF-8");
  EXPECT_ERROR(save_safetensors(folder / "no/such/folder.safetensors", {}), io, "cannot create");
  CHECK(test::read_text_file(path) == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

// tests/golden/safetensors_verdicts.json: bytes in hex and what PyPI safetensors 0.8.0 `deserialize` says of them.
TEST_CASE("safetensors: recorded verdicts of the reference") {
  const test::TempDir folder;
  std::ifstream input(AIO_TEST_DATA "/golden/safetensors_verdicts.json");
  const nlohmann::json cases = nlohmann::json::parse(input);
  CHECK(cases.size() > 100);
  for (const auto& item : cases) {
    const std::string hex = item["hex"];
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    }
    INFO(item["name"].get<std::string>());
    CHECK(accepts(bytes, folder) == item["ok"].get<bool>());
  }
}

/// A well-formed file with a few random edits: bytes, tokens that matter to JSON, or a cut.
std::string mutated_file(std::uint32_t number) {
  static const std::vector<std::string> kHeaders = {
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
      R"({"__metadata__":{"k":"v"},"a":{"dtype":"BF16","shape":[1,2],"data_offsets":[0,4]},)"
      R"("b":{"dtype":"I8","shape":[4],"data_offsets":[4,8]}})",
      R"({"b":{"dtype":"F4","shape":[4],"data_offsets":[6,8]},"a":{"shape":[6],"data_offsets":[0,6],"dtype":"U8"}})",
      R"({"a":["F32",[2],[0,8]]})"};
  static const std::vector<std::string> kTokens = {"0",
                                                   "1",
                                                   "-1",
                                                   "-0",
                                                   "1.0",
                                                   "1e0",
                                                   "1e999",
                                                   "18446744073709551615",
                                                   "18446744073709551616",
                                                   "null",
                                                   "true",
                                                   "[",
                                                   "]",
                                                   "{",
                                                   "}",
                                                   ",",
                                                   ":",
                                                   "\"",
                                                   "\\u0061",
                                                   "\\ud800",
                                                   " ",
                                                   "\n",
                                                   "[]",
                                                   "{}",
                                                   "\"\"",
                                                   "F64",
                                                   "\"x\":1,",
                                                   "08",
                                                   "\\",
                                                   "\x01",
                                                   "\xff",
                                                   "\xc3\xa9"};
  const auto draw = permutation(1 << 12, {99, 0, number});  // plenty of independent draws
  std::size_t next = 0;
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(draw[next++]) % n; };
  std::string header = kHeaders[below(kHeaders.size())];
  for (std::size_t edits = below(3) + 1; edits > 0; --edits) {
    const std::size_t at = below(header.size() + 1);
    switch (below(4)) {
      case 0: header.insert(at, kTokens[below(kTokens.size())]); break;
      case 1: header.erase(at, below(3) + 1); break;
      case 2: header.replace(at, std::min<std::size_t>(1, header.size() - at), kTokens[below(kTokens.size())]); break;
      default:
        if (at < header.size()) header[at] = static_cast<char>(header[at] ^ (1 << below(8)));
    }
  }
  return with_header(header, "12345678");
}

TEST_CASE("safetensors: 10,000 mutated files get the verdict of the installed reference") {
  const char* const python = std::getenv("AIO_PEER_PYTHON");
  if (python == nullptr) {
    MESSAGE("skipped: AIO_PEER_PYTHON names no interpreter with safetensors");
    return;
  }
  constexpr std::uint32_t kFiles = 10000;
  const test::TempDir folder;
  std::string blob;
  for (std::uint32_t i = 0; i < kFiles; ++i) {
    const std::string bytes = mutated_file(i);
    const std::uint64_t size = bytes.size();
    blob.append(reinterpret_cast<const char*>(&size), 8);
    blob += bytes;
  }
  write_file(folder / "blob", blob);
  write_file(folder / "peer.py",
             "import sys, struct, safetensors\n"
             "b = open(sys.argv[1], 'rb').read(); i = 0; out = []\n"
             "while i < len(b):\n"
             "    n, = struct.unpack_from('<Q', b, i); i += 8\n"
             "    try: safetensors.deserialize(b[i:i+n]); out.append('1')\n"
             "    except safetensors.SafetensorError: out.append('0')\n"
             "    i += n\n"
             "open(sys.argv[2], 'w').write(''.join(out))\n");
  const std::string command =
      std::string(python) + " " + folder / "peer.py" + " " + folder / "blob" + " " + folder / "verdicts";
  REQUIRE(std::system(command.c_str()) == 0);
  const std::string verdicts = test::read_text_file(folder / "verdicts");
  REQUIRE(verdicts.size() == kFiles);
  int accepted = 0;
  for (std::uint32_t i = 0; i < kFiles; ++i) {
    const std::string bytes = mutated_file(i);
    const bool peer = verdicts[i] == '1';
    const std::string path = folder / "case.safetensors";
    write_file(path, bytes);
    bool ours = true;
    bool duplicate = false;
    try {
      const SafetensorsFile file(path);
    } catch (const Error& error) {
      ours = false;
      duplicate = std::string(error.what()).find("twice") != std::string::npos;
    }
    accepted += peer ? 1 : 0;
    if (ours != peer && !(peer && duplicate)) FAIL_CHECK("peer says ", peer, ": ", bytes.substr(8));
  }
  CHECK(accepted > 100);
  MESSAGE("the reference accepted ", accepted, " of ", kFiles);
}

}  // namespace
}  // namespace aio
