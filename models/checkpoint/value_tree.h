#pragma once
// What a pickle describes, as plain data: the inert tree that pickle_reader builds and nobody executes.
//
// A class is a Global (its name), a call is an Object (what would be called, with what, and what would be put into the
// result). collections.OrderedDict, a tensor and a hostile os.system all look alike here; torch_file.h knows which few
// of the names mean a tensor, everything else stays a name.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace aio {
class Storage;
}

namespace aio::weights {

enum class ValueKind : std::uint8_t {
  none,
  boolean,
  integer,
  big_integer,  ///< beyond 64 bits: its little-endian two's complement bytes
  real,
  text,  ///< UTF-8
  bytes,
  global,  ///< a class or function: only its name, "torch._utils._rebuild_tensor_v2"
  list,
  tuple,
  set,
  dict,
  object,      ///< a call or an instance
  persistent,  ///< what torch.save keeps outside of the pickle: a storage
};

/// A handle of 16 bytes; what is behind it belongs to the ValueTree. Containers may contain themselves.
struct Value {
  ValueKind kind = ValueKind::none;
  std::uint32_t size = 0;  ///< bytes of text, bytes and big_integer
  union {
    std::int64_t integer = 0;  ///< of boolean, too
    double real;
    std::uint64_t place;  ///< of a string: offset in the stream; of a global or container: its number
  };
};

/// What list, tuple, set, dict, object and persistent hold.
struct ValueNode {
  Value callable;   ///< object: what would be called
  Value arguments;  ///< object: with what; persistent: the identifier
  Value state;      ///< object: what its __setstate__ or __dict__ would get
  std::vector<Value> items;
  std::vector<std::pair<Value, Value>> entries;  ///< in the order of writing; a repeated key counts last
  int depth = 0;                                 ///< of nesting below, when it was built
};

class ValueTree {
 public:
  /// `stream` is where texts and bytes lie; `owner` keeps it alive.
  ValueTree(std::string_view stream, std::shared_ptr<const Storage> owner)
      : stream_(stream), owner_(std::move(owner)) {}

  Value root;

  /// Bytes of text, bytes, global and big_integer; empty for all others.
  std::string_view text(const Value& value) const;
  /// Empty node for values that have none.
  const ValueNode& node(const Value& value) const;

  bool is_text(const Value& value, std::string_view expected) const;
  /// A dict, or an object that was filled like one (OrderedDict, subclasses of dict).
  bool is_mapping(const Value& value) const;
  /// Entry of a mapping by its text key; nullptr if there is none.
  const Value* find(const Value& mapping, std::string_view key) const;
  /// What an object calls or a global names; empty for others.
  std::string_view global_name(const Value& value) const;
  /// The items of a tuple or list; empty for others.
  std::span<const Value> items(const Value& value) const;

  /// All of kind persistent, in the order of the stream.
  const std::vector<Value>& persistents() const { return persistents_; }

  /// JSON on one line. None and numbers that JSON lacks become texts ("None", "nan"), classes their names, instances
  /// of subclasses of dict and list what they hold. Throws Error{format} beyond `limit` bytes: a small pickle may
  /// describe a huge text by naming one list many times.
  std::string to_json(const Value& value, std::size_t limit = 16'000'000) const;

  // For pickle_reader.
  Value add_node(ValueKind kind);
  ValueNode& mutable_node(const Value& value) { return nodes_[value.place]; }
  Value add_global(std::string name);
  std::size_t global_count() const { return globals_.size(); }

 private:
  std::string_view stream_;
  std::shared_ptr<const Storage> owner_;
  std::deque<ValueNode> nodes_;
  std::vector<Value> persistents_;
  std::deque<std::string> globals_;
  std::map<std::string_view, std::size_t> global_places_;
};

}  // namespace aio::weights
