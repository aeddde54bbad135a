#include "models/checkpoint/torch_writer.h"

#include <set>

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/text.h"
#include "models/checkpoint/torch_dtype.h"
#include "models/checkpoint/zip_writer.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

/// The pickle, protocol 2: opcodes as pickle_reader.cpp names them.
class PickleWriter {
 public:
  PickleWriter() : stream_("\x80\x02}(") {}  // protocol 2, an empty dict, a mark

  void tensor(const FileTensor& tensor, std::size_t key) {
    const std::string_view storage_class = storage_class_of_dtype(tensor.dtype);
    const bool typed = !storage_class.empty();  // younger types have no storage class: bytes and a dtype
    text(tensor.name);
    global("torch._utils", typed ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3");
    stream_ += "((";
    text("storage");
    if (typed) {
      global("torch", storage_class.substr(6));  // behind "torch."
    } else {
      global("torch.storage", "UntypedStorage");
    }
    text(std::to_string(key));
    text("cpu");
    integer(typed ? tensor.numel() : tensor.bytes());
    stream_ += "tQ";  // a tuple, its persistent value
    integer(0);       // the first element
    counts(tensor.shape);
    counts(row_major_strides(tensor.shape));
    stream_ += '\x89';  // requires_grad = False
    global("collections", "OrderedDict");
    stream_ += ")R";  // no hooks
    if (!typed) global("torch", torch_name_of_dtype(tensor.dtype).substr(6));
    stream_ += "tR";
  }

  std::string finish() { return std::move(stream_) + "u."; }  // the dict's entries, stop

 private:
  void text(std::string_view content) {
    stream_ += 'X';
    append_le(stream_, static_cast<std::uint32_t>(content.size()));
    stream_ += content;
  }

  void global(std::string_view module, std::string_view name) {
    stream_ += 'c';
    (stream_ += module) += '\n';
    (stream_ += name) += '\n';
  }

  void integer(std::uint64_t value) {
    if (value <= 0x7fffffffU) {
      stream_ += 'J';
      append_le(stream_, static_cast<std::int32_t>(value));
    } else {
      stream_ += "\x8a\x08";  // an integer of 8 bytes; sizes of tensors stay below 2^63
      append_le(stream_, value);
    }
  }

  void counts(const std::vector<std::uint64_t>& values) {
    stream_ += '(';
    for (const std::uint64_t value : values) integer(value);
    stream_ += 't';
  }

  std::string stream_;
};

}  // namespace

void save_torch(const std::string& path, const std::vector<FileTensor>& tensors) {
  PickleWriter pickle;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const FileTensor& tensor = tensors[i];
    check(is_utf8(tensor.name), ErrorCode::value, path, ": the name of tensor ", i, " is not valid UTF-8");
    check(names.insert(tensor.name).second, ErrorCode::value, path, ": two tensors are named ", printable(tensor.name));
    check(!torch_name_of_dtype(tensor.dtype).empty(), ErrorCode::value, path, ": PyTorch has no element type ",
          tensor.dtype, ", which tensor ", printable(tensor.name), " has");
    pickle.tensor(tensor, i);
  }
  ZipWriter zip(path);
  zip.add("archive/data.pkl", pickle.finish());
  zip.add("archive/byteorder", "little");
  std::vector<char> scratch;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    zip.add(message("archive/data/", i), packed_bytes(tensors[i], scratch));
  }
  zip.add("archive/version", "3\n");
  zip.finish();
}

}  // namespace aio::weights
