#include "data/datasets/pickle_dict.h"

#include <cstring>
#include <vector>

#include "data/data_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 26;

/// Opcodes by the names of Python's pickletools.
enum Opcode : unsigned char {
  kMark = '(',
  kStop = '.',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kBinUnicode = 'X',
  kEmptyDict = '}',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kSetItems = 'u',
  kProto = 0x80,
  kLong1 = 0x8a,
  kShortBinUnicode = 0x8c,
  kMemoize = 0x94,
  kFrame = 0x95,
};

struct Value {
  enum Kind { mark, dict, text, integer } kind = mark;
  std::string string;
  std::int64_t number = 0;
};

class PickleDictReader {
 public:
  explicit PickleDictReader(const std::string& path) : path_(path), bytes_(read_file(path, kMaxBytes)) {}

  std::map<std::string, std::int64_t> read() {
    while (step()) {
    }
    require(stack_.size() == 1 && stack_[0].kind == Value::dict, "does not end with one dict");
    return std::move(dict_);
  }

 private:
  template <class... Parts>
  void require(bool condition, const Parts&... parts) const {
    if (!condition) fail(ErrorCode::format, path_, ": at byte ", at_, ": ", parts...);
  }

  const char* take(std::size_t count) {
    require(count <= bytes_.size() - at_, "the pickle is cut short");
    const char* const data = bytes_.data() + at_;
    at_ += count;
    return data;
  }

  /// Little-endian.
  std::uint64_t unsigned_number(std::size_t count) {
    std::uint64_t value = 0;
    std::memcpy(&value, take(count), count);
    return value;
  }

  /// False after STOP.
  bool step() {
    const auto opcode = static_cast<unsigned char>(*take(1));
    switch (opcode) {
      case kProto: {
        const std::uint64_t protocol = unsigned_number(1);
        require(protocol >= 2 && protocol <= 5, "protocol ", protocol, ", expected 2 to 5");
        return true;
      }
      case kFrame: take(8); return true;
      case kMark: stack_.push_back({Value::mark, {}, 0}); return true;
      case kEmptyDict:
        require(!has_dict_, "a second dict; only one dict of strings and integers is read");
        has_dict_ = true;
        stack_.push_back({Value::dict, {}, 0});
        return true;
      case kBinUnicode: return push_text(unsigned_number(4));
      case kShortBinUnicode: return push_text(unsigned_number(1));
      case kBinInt: return push_number(static_cast<std::int32_t>(unsigned_number(4)));
      case kBinInt1: return push_number(static_cast<std::int64_t>(unsigned_number(1)));
      case kBinInt2: return push_number(static_cast<std::int64_t>(unsigned_number(2)));
      case kLong1: return push_long(unsigned_number(1));
      case kBinPut: return remember(unsigned_number(1));
      case kLongBinPut: return remember(unsigned_number(4));
      case kMemoize: return remember(memo_.size());
      case kBinGet: return recall(unsigned_number(1));
      case kLongBinGet: return recall(unsigned_number(4));
      case kSetItem: set_items(stack_.size() < 2 ? stack_.size() : stack_.size() - 2); return true;
      case kSetItems: set_marked_items(); return true;
      case kStop: return false;
      default:
        fail(ErrorCode::format, path_, ": at byte ", at_ - 1, ": opcode ", int{opcode},
             " is not one of a dict of strings and integers; it is not executed");
    }
  }

  bool push_text(std::uint64_t length) {
    const char* const text = take(static_cast<std::size_t>(length));
    stack_.push_back({Value::text, std::string(text, static_cast<std::size_t>(length)), 0});
    return true;
  }

  bool push_number(std::int64_t number) {
    stack_.push_back({Value::integer, {}, number});
    return true;
  }

  /// Two's complement of `length` bytes.
  bool push_long(std::uint64_t length) {
    require(length <= 8, "an integer of ", length, " bytes");
    std::uint64_t value = unsigned_number(static_cast<std::size_t>(length));
    const bool negative = length > 0 && ((value >> (8 * length - 1)) & 1U) != 0;
    if (negative && length < 8) value |= ~std::uint64_t{0} << (8 * length);
    return push_number(static_cast<std::int64_t>(value));
  }

  bool remember(std::uint64_t place) {
    require(!stack_.empty(), "nothing to remember");
    memo_[place] = stack_.back();
    return true;
  }

  bool recall(std::uint64_t place) {
    const auto found = memo_.find(place);
    require(found != memo_.end(), "recalls what was never remembered");
    stack_.push_back(found->second);
    return true;
  }

  void set_marked_items() {
    std::size_t mark = stack_.size();
    while (mark > 0 && stack_[mark - 1].kind != Value::mark) --mark;
    require(mark > 0, "SETITEMS without a mark");
    stack_.erase(stack_.begin() + static_cast<std::ptrdiff_t>(mark - 1));
    set_items(mark - 1);
  }

  /// The stack's values from `first` on are keys and values of the dict before them.
  void set_items(std::size_t first) {
    require(first > 0 && first < stack_.size() + 1 && stack_[first - 1].kind == Value::dict, "items without a dict");
    require((stack_.size() - first) % 2 == 0, "a key without a value");
    for (std::size_t i = first; i < stack_.size(); i += 2) {
      require(stack_[i].kind == Value::text && stack_[i + 1].kind == Value::integer,
              "a key that is no string or a value that is no integer");
      dict_[stack_[i].string] = stack_[i + 1].number;
    }
    stack_.resize(first);
  }

  std::string path_, bytes_;
  std::size_t at_ = 0;
  std::vector<Value> stack_;
  std::map<std::uint64_t, Value> memo_;
  std::map<std::string, std::int64_t> dict_;
  bool has_dict_ = false;
};

}  // namespace

std::map<std::string, std::int64_t> read_pickle_dict(const std::string& path) { return PickleDictReader(path).read(); }

}  // namespace aio
