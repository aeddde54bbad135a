// What save_torch writes: read back here, and by torch.load where an interpreter with PyTorch is at hand.

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/torch_writer.h"
#include "models/checkpoint/zip_writer.h"
#include "tensor/random.h"
#include "tensor/raw.h"
#include "tensor/storage.h"
#include "tests/expect_error.h"
#include "tests/models/golden.h"
#include "tests/temp_dir.h"

namespace aio::weights {
namespace {

/// `count` bytes as a tensor of any type.
FileTensor raw_tensor(const std::string& name, const std::string& dtype, std::vector<std::uint64_t> shape) {
  FileTensor tensor;
  tensor.name = name;
  tensor.dtype = dtype;
  tensor.strides = row_major_strides(shape);
  tensor.shape = std::move(shape);
  const Tensor bytes = Tensor::empty({static_cast<std::int64_t>(tensor.bytes())}, {DType::u8, {}});
  auto* const data = bytes.data<std::uint8_t>();
  for (std::size_t i = 0; i < tensor.bytes(); ++i) data[i] = dtype == "BOOL" ? i % 2 : static_cast<std::uint8_t>(i + 1);
  tensor.storage = bytes.storage_ptr();
  return tensor;
}

/// One of every type that PyTorch has, a scalar, an empty one, a transposed one, an odd name.
std::vector<FileTensor> all_kinds() {
  std::vector<FileTensor> tensors;
  for (const char* const dtype : {"F32", "F64", "F16", "BF16", "I64", "I32", "I16", "I8", "U8", "BOOL", "C64", "U16",
                                  "U32", "U64", "F8_E4M3", "F8_E5M2"}) {
    tensors.push_back(raw_tensor(std::string("kind.") + dtype, dtype, {2, 3}));
  }
  tensors.push_back(raw_tensor("scalar", "F32", {}));
  tensors.push_back(raw_tensor("empty", "F32", {0, 4}));
  tensors.push_back(raw_tensor("rank8", "U8", {1, 2, 1, 2, 1, 2, 1, 2}));
  FileTensor transposed = raw_tensor("transposed \xc3\xa9", "F16", {3, 5});
  transposed.strides = {1, 3};
  tensors.push_back(transposed);
  return tensors;
}

void check_same(const std::vector<FileTensor>& expected, const Checkpoint& checkpoint) {
  REQUIRE(checkpoint.tensors.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    INFO(expected[i].name);
    const FileTensor& loaded = checkpoint.tensors[i];
    CHECK(loaded.name == expected[i].name);
    CHECK(loaded.dtype == expected[i].dtype);
    CHECK(loaded.shape == expected[i].shape);
    std::vector<char> a, b;
    CHECK(packed_bytes(loaded, a) == packed_bytes(expected[i], b));
  }
}

/// `script` with AIO_FILE set; skipped, and said so, where there is no interpreter with PyTorch.
void run_torch(const std::string& path, const std::string& script, const test::TempDir& folder) {
  const char* const python = std::getenv("AIO_PEER_PYTHON");
  if (python == nullptr || std::system((std::string(python) + " -c 'import torch' 2> /dev/null").c_str()) != 0) {
    MESSAGE("skipped: AIO_PEER_PYTHON names no interpreter with torch");
    return;
  }
  std::ofstream(folder / "check.py") << "import sys, torch\nstate = torch.load(sys.argv[1])\n" << script;
  const std::string command = std::string(python) + " '" + (folder / "check.py") + "' '" + path + "'";
  CHECK(std::system(command.c_str()) == 0);
}

TEST_CASE("torch writer: every type, shape and bit comes back, in order") {
  const test::TempDir folder;
  const std::string path = folder / "all.pth";
  save_torch(path, all_kinds());
  check_same(all_kinds(), open_checkpoint(path));
  run_torch(path, R"(
want = dict(F32='float32', F64='float64', F16='float16', BF16='bfloat16', I64='int64', I32='int32', I16='int16',
            I8='int8', U8='uint8', BOOL='bool', C64='complex64', U16='uint16', U32='uint32', U64='uint64',
            F8_E4M3='float8_e4m3fn', F8_E5M2='float8_e5m2')
for name, dtype in want.items():
    tensor = state['kind.' + name]
    assert tensor.dtype == getattr(torch, dtype) and tensor.shape == (2, 3), name
    data = bytes(tensor.contiguous().view(torch.uint8).flatten().tolist())
    assert data == bytes((i % 2 if name == 'BOOL' else i + 1) for i in range(len(data))), name
assert state['scalar'].shape == () and state['empty'].shape == (0, 4) and state['rank8'].dim() == 8
t = state['transposed \u00e9']
assert t.shape == (3, 5) and bytes(t.t().contiguous().view(torch.uint8).flatten().tolist()) == bytes(range(1, 31))
assert len(state) == 20
)",
            folder);
}

TEST_CASE("torch writer: a golden checkpoint goes through it unchanged") {
  const test::TempDir folder;
  const Checkpoint original = open_checkpoint(test::golden("micro_ckpt_fp16_legacy.ckpt"));
  save_torch(folder / "copy.pth", original.tensors);
  check_same(original.tensors, open_checkpoint(folder / "copy.pth"));
  run_torch(folder / "copy.pth",
            "want = torch.load('" + test::golden("micro_ckpt_fp16_legacy.ckpt") +
                "', weights_only=False)['state_dict']\n" +
                "assert list(want) == list(state)\n"
                "for k in want: assert want[k].dtype == state[k].dtype and torch.equal(want[k], state[k]), k\n",
            folder);
}

TEST_CASE("torch writer: refuses what torch.load could not read, and leaves the old file") {
  const test::TempDir folder;
  const std::string path = folder / "w.pth";
  save_torch(path, {raw_tensor("w", "F32", {2})});
  EXPECT_ERROR(save_torch(path, {raw_tensor("w", "F4", {4})}), value, "PyTorch has no element type F4");
  EXPECT_ERROR(save_torch(path, {raw_tensor("w", "F32", {4}), raw_tensor("w", "F32", {4})}), value,
               "two tensors are named w");
  EXPECT_ERROR(save_torch(path, {raw_tensor("\xff", "F32", {4})}), value, "not valid UTF-8");
  EXPECT_ERROR(save_torch(folder / "no/such/folder.pth", {}), io, "cannot create");
  CHECK(open_checkpoint(path).find("w")->shape == std::vector<std::uint64_t>{2});
}

TEST_CASE("zip writer: the ZIP64 form of every record is read back") {
  const test::TempDir folder;
  for (const bool zip64 : {false, true}) {
    const std::string path = folder / "z.zip";
    ZipWriter zip(path, zip64);
    zip.add("a/one", "1");
    zip.add("a/none", "");
    zip.add("a/long", std::string(1000, 'x'));
    zip.finish();
    const auto file = map_file(path);
    const std::vector<ZipEntry> entries = read_zip(path, bytes_of(*file));
    REQUIRE(entries.size() == 3);
    for (const ZipEntry& entry : entries) CHECK(entry.begin % 64 == 0);
    CHECK(entries[0].name == "a/one");
    CHECK(bytes_of(*file).substr(entries[2].begin, 1000) == std::string(1000, 'x'));
  }
}

}  // namespace
}  // namespace aio::weights
