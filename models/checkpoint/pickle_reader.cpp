#include "models/checkpoint/pickle_reader.h"

#include <algorithm>
#include <unordered_map>

#include "models/checkpoint/byte_order.h"
#include "models/checkpoint/harmful_names.h"
#include "models/checkpoint/pickle_opcodes.h"
#include "models/checkpoint/text.h"
#include "tensor/error.h"

namespace aio::weights {
namespace {

class Machine {
 public:
  Machine(const std::string& what, std::string_view bytes, std::shared_ptr<const Storage> owner,
          const PickleLimits& limits)
      : what_(what), bytes_(bytes.substr(0, limits.stream_bytes)), limits_(limits), tree_(bytes_, std::move(owner)) {
    cut_ = bytes.size() > bytes_.size();
    empty_tuple_ = tree_.add_node(ValueKind::tuple);
  }

  PickleStream run() {
    require(!bytes_.empty() && static_cast<unsigned char>(bytes_[0]) == kProto, "it does not start with a protocol");
    while (true) {
      opcode_at_ = position_;
      require(++opcodes_ <= limits_.opcodes, "more than ", limits_.opcodes, " opcodes");
      const auto opcode = take<unsigned char>();
      if (opcode == kStop) break;
      step(opcode);
    }
    tree_.root = pop();
    require(stack_.empty() && marks_.empty(), stack_.size(), " values are left when it ends");
    return {std::move(tree_), position_};
  }

 private:
  template <class... Parts>
  void require(bool condition, const Parts&... parts) const {
    if (!condition) {
      fail(ErrorCode::format, what_, ": not a readable pickle: ", parts..., " (opcode at byte ", opcode_at_, ")");
    }
  }

  // ---- the stream
  // ----------------------------------------------------------------------------------------------------
  std::string_view take_bytes(std::uint64_t count) {
    const std::size_t left = bytes_.size() - position_;
    require(count <= left, count, " bytes are wanted, ", left, " are left",
            cut_ ? " of the longest stream that is allowed" : " (truncated)");
    position_ += count;
    return bytes_.substr(position_ - count, count);
  }

  template <class T>
  T take() {
    return load_le<T>(take_bytes(sizeof(T)), 0);
  }

  /// Names of globals stand on lines.
  std::string_view take_line() {
    const std::size_t end = bytes_.find('\n', position_);
    require(end != std::string_view::npos, "a name does not end (truncated)");
    const std::string_view line = take_bytes(end - position_);
    ++position_;
    return line;
  }

  // ---- the stack
  // -----------------------------------------------------------------------------------------------------
  void push(const Value& value) {
    require(stack_.size() < limits_.stack, "more than ", limits_.stack, " values on the stack");
    stack_.push_back(value);
  }

  /// The first value above the innermost mark: nothing below it may be taken.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  Value pop() {
    require(stack_.size() > floor(), "the stack is empty");
    const Value value = stack_.back();
    stack_.pop_back();
    return value;
  }

  const Value& top() const {
    require(stack_.size() > floor(), "the stack is empty");
    return stack_.back();
  }

  /// Takes everything above the innermost mark, and the mark.
  std::vector<Value> pop_to_mark() {
    require(!marks_.empty(), "there is no mark");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Value> values(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return values;
  }

  // ---- building
  // ------------------------------------------------------------------------------------------------------
  void charge(std::size_t bytes) {
    memory_ += bytes;
    require(memory_ <= limits_.memory, "its values take more than ", limits_.memory, " bytes");
  }

  Value add(ValueKind kind) {
    charge(sizeof(ValueNode));
    return tree_.add_node(kind);
  }

  /// `child` becomes part of `parent`, which lies deeper by that.
  void nest(ValueNode& parent, const Value& child) {
    parent.depth = std::max(parent.depth, tree_.node(child).depth + 1);
    require(parent.depth <= limits_.nesting, "values are nested deeper than ", limits_.nesting, " levels");
  }

  void append(ValueNode& node, const Value& item) {
    charge(2 * sizeof(Value));  // a vector grows by doubling
    nest(node, item);
    node.items.push_back(item);
  }

  void append_entry(ValueNode& node, const Value& key, const Value& value) {
    charge(4 * sizeof(Value));
    nest(node, key);
    nest(node, value);
    node.entries.emplace_back(key, value);
  }

  Value make_sequence(ValueKind kind, const std::vector<Value>& items) {
    if (kind == ValueKind::tuple && items.empty()) return empty_tuple_;
    const Value value = add(kind);
    for (const Value& item : items) append(tree_.mutable_node(value), item);
    return value;
  }

  Value make_tuple(std::size_t count) {
    std::vector<Value> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return make_sequence(ValueKind::tuple, items);
  }

  Value make_object(const Value& callable, const Value& arguments) {
    const Value value = add(ValueKind::object);
    ValueNode& node = tree_.mutable_node(value);
    nest(node, callable);
    nest(node, arguments);
    node.callable = callable;
    node.arguments = arguments;
    return value;
  }

  Value make_string(ValueKind kind, std::uint64_t size) {
    const std::string_view content = take_bytes(size);
    Value value;
    // Python's texts may hold what UTF-8 cannot (lone surrogates): keep such a one as bytes.
    value.kind = kind == ValueKind::text && !is_utf8(content) ? ValueKind::bytes : kind;
    value.size = static_cast<std::uint32_t>(content.size());
    value.place = position_ - content.size();
    return value;
  }

  Value make_integer(std::uint64_t size) {
    if (size > sizeof(std::int64_t)) return make_string(ValueKind::big_integer, size);
    const std::string_view digits = take_bytes(size);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      bits |= std::uint64_t{static_cast<unsigned char>(digits[i])} << (8 * i);
    }
    const bool negative = !digits.empty() && (digits.back() & 0x80) != 0;
    if (negative && size < sizeof(bits)) bits |= ~std::uint64_t{0} << (8 * size);
    return number(static_cast<std::int64_t>(bits));
  }

  static Value number(std::int64_t integer, ValueKind kind = ValueKind::integer) {
    Value value;
    value.kind = kind;
    value.integer = integer;
    return value;
  }

  Value make_real() {
    const auto big_endian = take<std::uint64_t>();
    Value value;
    value.kind = ValueKind::real;
    value.real = std::bit_cast<double>(__builtin_bswap64(big_endian));
    return value;
  }

  Value make_global(std::string_view module, std::string_view name) {
    require(is_plain_text(module) && is_plain_text(name) && module.size() + name.size() < 1000,
            "the name of a class is not one: ", printable(module), ".", printable(name));
    require(!is_harmful(module, name), "it asks Python to run ", module, ".", name,
            ", which no checkpoint needs: this file is an attack. Nothing was executed");
    const Value value = tree_.add_global(std::string(module) + "." + std::string(name));
    require(tree_.global_count() <= limits_.globals, "it names more than ", limits_.globals, " classes");
    return value;
  }

  Value stack_global() {
    const Value name = pop();
    const Value module = pop();
    require(name.kind == ValueKind::text && module.kind == ValueKind::text, "the name of a class is not a text");
    return make_global(tree_.text(module), tree_.text(name));
  }

  Value named_global() {
    const std::string_view module = take_line();
    return make_global(module, take_line());
  }

  // ---- opcodes that change what is below
  // -----------------------------------------------------------------------------
  ValueNode& target(std::initializer_list<ValueKind> kinds, const char* action) {
    const Value& value = top();
    require(std::find(kinds.begin(), kinds.end(), value.kind) != kinds.end(), "the value below cannot be ", action);
    return tree_.mutable_node(value);
  }

  void append_items(const std::vector<Value>& items, ValueKind kind) {
    ValueNode& node = target({kind, ValueKind::object}, "appended to");
    for (const Value& item : items) append(node, item);
  }

  void set_items(const std::vector<Value>& items, ValueNode& node) {
    require(items.size() % 2 == 0, "a key has no value");
    for (std::size_t i = 0; i < items.size(); i += 2) append_entry(node, items[i], items[i + 1]);
  }

  void build() {
    const Value state = pop();
    ValueNode& node = target({ValueKind::object}, "given a state");
    nest(node, state);
    node.state = state;
  }

  void put(std::uint64_t index) {
    if (memo_.try_emplace(index, top()).second) {
      charge(64);  // of a hash table's node
      require(memo_.size() <= limits_.memo, "more than ", limits_.memo, " values in the memo");
    } else {
      memo_[index] = top();
    }
  }

  void get(std::uint64_t index) {
    const auto found = memo_.find(index);
    require(found != memo_.end(), "the memo has no value ", index);
    push(found->second);
  }

  void step(unsigned char opcode) {
    switch (opcode) {
      case kProto: {
        const auto protocol = take<std::uint8_t>();
        require(protocol >= 2 && protocol <= 5, "protocol ", int{protocol}, ", expected 2 to 5");
        return;
      }
      case kFrame: {
        const auto size = take<std::uint64_t>();
        require(size <= bytes_.size() - position_, "a frame of ", size, " bytes goes beyond the stream (truncated)");
        return;
      }
      case kMark:
        require(marks_.size() < static_cast<std::size_t>(limits_.nesting), "more than ", limits_.nesting,
                " open marks");
        return marks_.push_back(stack_.size());
      case kPop:
        if (stack_.size() == floor() && !marks_.empty()) return marks_.pop_back();
        pop();
        return;
      case kPopMark: pop_to_mark(); return;
      case kDup: return push(Value(top()));

      case kNone: return push({});
      case kNewTrue: return push(number(1, ValueKind::boolean));
      case kNewFalse: return push(number(0, ValueKind::boolean));
      case kBinInt: return push(number(take<std::int32_t>()));
      case kBinInt1: return push(number(take<std::uint8_t>()));
      case kBinInt2: return push(number(take<std::uint16_t>()));
      case kLong1: return push(make_integer(take<std::uint8_t>()));
      case kLong4: {
        const auto size = take<std::int32_t>();
        require(size >= 0, "an integer of ", size, " bytes");
        return push(make_integer(static_cast<std::uint64_t>(size)));
      }
      case kBinFloat: return push(make_real());

      case kShortBinString: return push(make_string(ValueKind::text, take<std::uint8_t>()));
      case kBinString: {
        const auto size = take<std::int32_t>();
        require(size >= 0, "a text of ", size, " bytes");
        return push(make_string(ValueKind::text, static_cast<std::uint64_t>(size)));
      }
      case kShortBinUnicode: return push(make_string(ValueKind::text, take<std::uint8_t>()));
      case kBinUnicode: return push(make_string(ValueKind::text, take<std::uint32_t>()));
      case kBinUnicode8: return push(make_string(ValueKind::text, take<std::uint64_t>()));
      case kShortBinBytes: return push(make_string(ValueKind::bytes, take<std::uint8_t>()));
      case kBinBytes: return push(make_string(ValueKind::bytes, take<std::uint32_t>()));
      case kBinBytes8:
      case kByteArray8: return push(make_string(ValueKind::bytes, take<std::uint64_t>()));

      case kEmptyTuple: return push(empty_tuple_);
      case kEmptyList: return push(add(ValueKind::list));
      case kEmptyDict: return push(add(ValueKind::dict));
      case kEmptySet: return push(add(ValueKind::set));
      case kTuple1: return push(make_tuple(1));
      case kTuple2: return push(make_tuple(2));
      case kTuple3: return push(make_tuple(3));
      case kTuple: return push(make_sequence(ValueKind::tuple, pop_to_mark()));
      case kList: return push(make_sequence(ValueKind::list, pop_to_mark()));
      case kFrozenSet: return push(make_sequence(ValueKind::set, pop_to_mark()));
      case kDict: {
        const std::vector<Value> items = pop_to_mark();
        const Value dict = add(ValueKind::dict);
        set_items(items, tree_.mutable_node(dict));
        return push(dict);
      }

      case kAppend: return append_items({pop()}, ValueKind::list);
      case kAppends: return append_items(pop_to_mark(), ValueKind::list);
      case kAddItems: return append_items(pop_to_mark(), ValueKind::set);
      case kSetItem: {
        const Value value = pop();
        const Value key = pop();
        return set_items({key, value}, target({ValueKind::dict, ValueKind::object}, "given entries"));
      }
      case kSetItems: {
        const std::vector<Value> items = pop_to_mark();
        return set_items(items, target({ValueKind::dict, ValueKind::object}, "given entries"));
      }

      case kGlobal: return push(named_global());
      case kStackGlobal: return push(stack_global());
      case kReduce:
      case kNewObj: {
        const Value arguments = pop();
        return push(make_object(pop(), arguments));
      }
      case kNewObjEx: {
        const Value keywords = pop();
        const Value arguments = pop();
        const Value object = make_object(pop(), arguments);
        nest(tree_.mutable_node(object), keywords);
        return push(object);
      }
      case kInst: {
        const Value global = named_global();
        return push(make_object(global, make_sequence(ValueKind::tuple, pop_to_mark())));
      }
      case kObj: {
        std::vector<Value> items = pop_to_mark();
        require(!items.empty(), "an instance without a class");
        const Value global = items.front();
        items.erase(items.begin());
        return push(make_object(global, make_sequence(ValueKind::tuple, items)));
      }
      case kBuild: return build();
      case kBinPersId: {
        const Value identifier = pop();
        const Value value = add(ValueKind::persistent);
        nest(tree_.mutable_node(value), identifier);
        tree_.mutable_node(value).arguments = identifier;
        return push(value);
      }

      case kBinPut: return put(take<std::uint8_t>());
      case kLongBinPut: return put(take<std::uint32_t>());
      case kMemoize: return put(memo_.size());
      case kBinGet: return get(take<std::uint8_t>());
      case kLongBinGet: return get(take<std::uint32_t>());
      default: require(false, "opcode ", int{opcode}, " is not one that torch.save writes");
    }
  }

  const std::string& what_;
  std::string_view bytes_;
  const PickleLimits& limits_;
  ValueTree tree_;
  bool cut_ = false;
  std::size_t position_ = 0;
  std::size_t opcode_at_ = 0;
  std::size_t opcodes_ = 0;
  std::size_t memory_ = 0;
  Value empty_tuple_;
  std::vector<Value> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, Value> memo_;
};

}  // namespace

PickleStream read_pickle(const std::string& what, std::string_view bytes, std::shared_ptr<const Storage> owner,
                         const PickleLimits& limits) {
  return Machine(what, bytes, std::move(owner), limits).run();
}

}  // namespace aio::weights
