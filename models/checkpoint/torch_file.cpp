#include "models/checkpoint/torch_file.h"

#include <algorithm>
#include <set>

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/crc32.h"
#include "models/checkpoint/text.h"
#include "models/checkpoint/torch_dtype.h"
#include "tensor/error.h"
#include "tensor/storage.h"

namespace aio::weights {
namespace {

constexpr std::uint64_t kLegacyProtocol = 1001;

/// A count that a pickle gives: an integer that is not negative.
std::optional<std::uint64_t> count_of(const Value& value) {
  if (value.kind != ValueKind::integer || value.integer < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value.integer);
}

}  // namespace

/// A function and its positional arguments, as the pickle has them.
struct TorchFile::Call {
  std::string_view function;
  std::span<const Value> arguments;
};

template <class... Parts>
void TorchFile::require(bool condition, const Parts&... parts) const {
  if (!condition) fail(ErrorCode::format, path_, ": ", parts...);
}

TorchFile::TorchFile(const std::string& path, std::shared_ptr<Storage> file, const TorchOptions& options)
    : path_(path), file_(std::move(file)), limits_(options.limits) {
  if (bytes_of(*file_).starts_with("PK")) {
    read_zip_container(options);
  } else {
    read_legacy_container(options);
  }
}

// ---- containers
// --------------------------------------------------------------------------------------------------------

/// ROOT/data.pkl, ROOT/data/KEY for each storage, ROOT/byteorder and ROOT/version; files of before 1.6.1 lack some.
void TorchFile::read_zip_container(const TorchOptions& options) {
  const std::string_view bytes = bytes_of(*file_);
  const std::vector<ZipEntry> entries = read_zip(path_, bytes, options.limits.zip);
  require(!entries.empty(), "a zip archive without members");
  const std::string root = entries.front().name.substr(0, entries.front().name.find('/') + 1);
  const ZipEntry* pickle = nullptr;
  for (const ZipEntry& entry : entries) {
    const std::string_view data = bytes.substr(entry.begin, entry.end - entry.begin);
    require(!options.verify_crc || crc32(data) == entry.crc, "the member ", printable(entry.name),
            " is damaged: its CRC-32 differs from the one in the directory");
    require(!root.empty() && entry.name.starts_with(root), "the member ", printable(entry.name), " lies outside of ",
            printable(root), ", where torch.save puts everything");
    const std::string_view name = std::string_view(entry.name).substr(root.size());
    if (name == "data.pkl") pickle = &entry;
    if (name.starts_with("data/")) {
      storages_.emplace(name.substr(5), StoredBytes{entry.begin, entry.end - entry.begin});
    }
    require(name != "byteorder" || data == "little", "it was written on a big-endian machine");
    require(name != "constants.pkl", "a TorchScript archive (a program), not a checkpoint");
  }
  require(pickle != nullptr, "a zip archive without data.pkl, so not a PyTorch checkpoint");
  PickleStream stream =
      read_pickle(path_ + ": " + printable(pickle->name), bytes.substr(pickle->begin, pickle->end - pickle->begin),
                  file_, options.limits.pickle);
  require(stream.bytes == pickle->end - pickle->begin, printable(pickle->name), " goes on behind its end");
  tree_ = std::make_shared<const ValueTree>(std::move(stream.tree));
}

/// Pickles of the magic number, the protocol, the writer's type sizes, the object and the list of storage keys; then
/// for each key the number of elements (i64) and the elements.
void TorchFile::read_legacy_container(const TorchOptions& options) {
  std::string_view rest = bytes_of(*file_);
  const auto next_pickle = [&](const char* what) {
    PickleStream stream = read_pickle(path_ + ": " + what, rest, file_, options.limits.pickle);
    rest.remove_prefix(stream.bytes);
    return std::move(stream.tree);
  };
  next_pickle("the magic number");
  const ValueTree protocol = next_pickle("the protocol");
  require(count_of(protocol.root) == kLegacyProtocol, "the legacy container has another protocol than ",
          kLegacyProtocol);
  const ValueTree system = next_pickle("the writer's type sizes");
  const Value* const little = system.find(system.root, "little_endian");
  require(little != nullptr && little->kind == ValueKind::boolean && little->integer != 0,
          "it was written on a big-endian machine");
  tree_ = std::make_shared<const ValueTree>(next_pickle("the object"));
  const ValueTree keys = next_pickle("the storage keys");

  std::map<std::string, StorageReference> references;
  for (const Value& value : tree_->persistents()) {
    if (tree_->items(tree_->node(value).arguments).empty()) continue;
    if (!tree_->is_text(tree_->items(tree_->node(value).arguments)[0], "storage")) continue;  // a module's source text
    StorageReference reference = storage_reference("the object", value);
    const StorageReference& known = references.emplace(reference.key, reference).first->second;
    require(known.dtype == reference.dtype && known.numel == reference.numel, "storage ", printable(known.key),
            " is described twice, differently");
  }
  require(keys.root.kind == ValueKind::list, "the storage keys are not a list");
  for (const Value& key : keys.items(keys.root)) {
    const auto found = references.find(std::string(keys.text(key)));
    require(found != references.end(), "it stores ", printable(keys.text(key)), ", which nothing refers to");
    const StorageReference& reference = found->second;
    require(rest.size() >= sizeof(std::uint64_t), "truncated: storage ", printable(reference.key), " is missing");
    const auto numel = load_le<std::uint64_t>(rest, 0);
    rest.remove_prefix(sizeof(numel));
    const std::uint64_t size = reference.dtype.empty() ? 1 : file_dtype_bits(reference.dtype) / 8;
    require(numel == reference.numel, "storage ", printable(reference.key), " has ", numel, " elements, expected ",
            reference.numel);
    require(numel <= rest.size() / size, "truncated: storage ", printable(reference.key), " has ", numel, " elements, ",
            rest.size(), " bytes are left");
    const StoredBytes stored{bytes_of(*file_).size() - rest.size(), numel * size};
    require(storages_.emplace(reference.key, stored).second, "storage ", printable(reference.key), " is stored twice");
    rest.remove_prefix(numel * size);
  }
  require(rest.empty(), rest.size(), " bytes follow the last storage");
}

// ---- tensors
// -----------------------------------------------------------------------------------------------------------

/// ("storage", class, key, location, elements), and in the legacy container None or a view (key, offset, elements).
TorchFile::StorageReference TorchFile::storage_reference(const std::string& what, const Value& value) const {
  const auto fields = tree_->items(tree_->node(value).arguments);
  require(value.kind == ValueKind::persistent && (fields.size() == 5 || fields.size() == 6) &&
              tree_->is_text(fields[0], "storage") && fields[2].kind == ValueKind::text && count_of(fields[4]),
          what, ": its storage is not described as torch.save does");
  StorageReference reference;
  const std::string_view class_name = tree_->global_name(fields[1]);
  reference.dtype = dtype_of_storage_class(class_name);
  require(!reference.dtype.empty() || is_untyped_storage(class_name), what, ": elements of ", printable(class_name),
          " are not supported");
  reference.key = tree_->text(fields[2]);
  reference.numel = *count_of(fields[4]);
  reference.view_numel = reference.numel;
  if (fields.size() == 6 && fields[5].kind != ValueKind::none) {
    const auto view = tree_->items(fields[5]);
    require(view.size() == 3 && count_of(view[1]) && count_of(view[2]) && *count_of(view[1]) <= reference.numel &&
                *count_of(view[2]) <= reference.numel - *count_of(view[1]),
            what, ": its storage is a view beyond the storage");
    reference.view_offset = *count_of(view[1]);
    reference.view_numel = *count_of(view[2]);
  }
  return reference;
}

std::optional<FileTensor> TorchFile::tensor(const std::string& name, const Value& value) const {
  if (value.kind != ValueKind::object) return std::nullopt;
  const auto arguments_of = [&](const Value& tuple) { return tree_->items(tuple); };
  Call call{tree_->global_name(value), arguments_of(tree_->node(value).arguments)};
  // Wrappers around the call that makes the tensor: parameters, and subclasses of Tensor.
  constexpr int kWrappers = 8;
  for (int i = 0; i < kWrappers; ++i) {
    const std::size_t count = call.arguments.size();
    if (call.function == "torch._utils._rebuild_parameter" ||
        call.function == "torch._utils._rebuild_parameter_with_state") {
      require(count >= 1 && call.arguments[0].kind == ValueKind::object, "tensor ", printable(name),
              ": a parameter without a tensor");
      const Value& inner = call.arguments[0];
      call = {tree_->global_name(inner), arguments_of(tree_->node(inner).arguments)};
    } else if (call.function == "torch._tensor._rebuild_from_type_v2") {
      require(count >= 3, "tensor ", printable(name), ": a subclass of Tensor without a tensor");
      call = {tree_->global_name(call.arguments[0]), arguments_of(call.arguments[2])};
    } else {
      break;
    }
  }
  if (call.function == "torch._utils._rebuild_tensor" || call.function == "torch._utils._rebuild_tensor_v2" ||
      call.function == "torch._utils._rebuild_tensor_v3") {
    return rebuild(name, call);
  }
  require(!call.function.starts_with("torch._utils._rebuild_"), "tensor ", printable(name), " is made by ",
          printable(call.function), ", which is not supported (dense tensors only)");
  return std::nullopt;
}

/// (storage, offset, size, stride [, requires_grad, hooks [, dtype in v3] [, metadata]])
FileTensor TorchFile::rebuild(const std::string& name, const Call& call) const {
  const std::string what = "tensor " + printable(name);
  const bool v3 = call.function.ends_with("_v3");
  const auto& arguments = call.arguments;
  require(arguments.size() >= (v3 ? 7U : 4U), what, " is described by ", arguments.size(), " values");
  const StorageReference storage = storage_reference(what, arguments[0]);
  const auto offset = count_of(arguments[1]);
  require(offset.has_value(), what, ": its offset is not a count");

  FileTensor tensor;
  tensor.name = name;
  tensor.storage = file_;
  tensor.dtype = v3 ? dtype_of_torch_name(tree_->global_name(arguments[6])) : std::string_view(storage.dtype);
  require(!tensor.dtype.empty(), what, " has an element type that is not supported");
  const auto counts = [&](const Value& value, const char* which) {
    const bool is_size =
        tree_->global_name(value) == "torch.Size" && !tree_->items(tree_->node(value).arguments).empty();
    const auto items = tree_->items(is_size ? tree_->items(tree_->node(value).arguments)[0] : value);
    require(is_size || value.kind == ValueKind::tuple || value.kind == ValueKind::list, what, ": its ", which,
            " is not a list");
    require(items.size() <= limits_.rank, what, " has ", items.size(), " dimensions, at most ", limits_.rank,
            " are allowed");
    std::vector<std::uint64_t> result;
    for (const Value& item : items) {
      const auto count = count_of(item);
      require(count.has_value(), what, ": its ", which, " holds what is not a count");
      result.push_back(*count);
    }
    return result;
  };
  tensor.shape = counts(arguments[2], "size");
  tensor.strides = counts(arguments[3], "stride");
  require(tensor.shape.size() == tensor.strides.size(), what, " has ", tensor.shape.size(), " dimensions and ",
          tensor.strides.size(), " strides");
  const std::size_t metadata = v3 ? 7 : 6;
  require(arguments.size() <= metadata || tree_->node(arguments[metadata]).entries.empty(), what,
          " is a conjugated or negated view, which is not supported");

  const auto stored = storages_.find(storage.key);
  require(stored != storages_.end(), what, ": its storage ", printable(storage.key), " is not in the file");
  const std::uint64_t size = file_dtype_bits(tensor.dtype) / 8;
  const std::uint64_t stored_size = storage.dtype.empty() ? 1 : file_dtype_bits(storage.dtype) / 8;
  const auto& [begin, bytes] = stored->second;
  require(bytes % stored_size == 0 && bytes / stored_size == storage.numel, what, ": its storage has ", bytes,
          " bytes, expected ", storage.numel, " elements of ", stored_size);

  // The last element, and the size of a packed copy; each sum and product may overflow.
  std::uint64_t last = *offset;
  std::uint64_t packed = size;
  bool overflow = false;
  const bool empty = std::find(tensor.shape.begin(), tensor.shape.end(), 0U) != tensor.shape.end();
  for (std::size_t i = 0; i < tensor.shape.size() && !empty; ++i) {
    std::uint64_t reach = 0;
    overflow = overflow || __builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &reach) ||
               __builtin_add_overflow(last, reach, &last) || __builtin_mul_overflow(packed, tensor.shape[i], &packed);
  }
  const std::uint64_t capacity = storage.view_numel * stored_size / size;
  require(!overflow && (empty ? *offset <= capacity : last < capacity), what, " reaches beyond its storage of ",
          capacity, " elements");
  require(empty || packed <= bytes_of(*file_).size(), what, " repeats its storage to ", packed,
          " bytes, more than the file has");
  tensor.begin = begin + storage.view_offset * stored_size + *offset * size;
  return tensor;
}

}  // namespace aio::weights
