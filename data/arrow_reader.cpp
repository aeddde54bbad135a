#include "data/arrow_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "data/flatbuffer.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr std::string_view kMagic = "ARROW1";
constexpr std::uint64_t kMaxMetadataBytes = std::uint64_t{1} << 26;
constexpr std::uint64_t kMaxTextBytesInCell = std::uint64_t{1} << 20;
constexpr std::uint64_t kMaxListLength = std::uint64_t{1} << 20;
constexpr int kMaxDepth = 8;

// Places of the fields in the tables of Arrow's format/{File,Schema,Message}.fbs.
namespace footer {
constexpr int kSchema = 1, kBatches = 3;
}
namespace block {  // a struct of 24 bytes
constexpr std::size_t kSize = 24, kOffset = 0, kMetadata = 8, kBody = 16;
}
namespace schema {
constexpr int kEndianness = 0, kFields = 1;
}
namespace field {
constexpr int kName = 0, kTypeKind = 2, kType = 3, kDictionary = 4, kChildren = 5;
}
namespace message_table {
constexpr int kHeaderKind = 1, kHeader = 2;
constexpr std::uint8_t kRecordBatch = 3;
}  // namespace message_table
namespace record_batch {
constexpr int kLength = 0, kNodes = 1, kBuffers = 2, kCompression = 3;
}
enum TypeKind : std::uint8_t {
  kNull = 1,
  kInt = 2,
  kFloatingPoint = 3,
  kBinary = 4,
  kUtf8 = 5,
  kBool = 6,
  kDate = 8,
  kTime = 9,
  kTimestamp = 10,
  kList = 12,
  kStruct = 13,
  kFixedSizeBinary = 15,
  kFixedSizeList = 16,
  kDuration = 18,
  kLargeBinary = 19,
  kLargeUtf8 = 20,
  kLargeList = 21,
};

/// Buffers of a column: is-there bits, then offsets or values or both.
std::size_t buffer_count(std::uint8_t kind, const std::string& path, const std::string& name) {
  switch (kind) {
    case kNull: return 0;
    case kStruct:
    case kFixedSizeList: return 1;
    case kInt:
    case kFloatingPoint:
    case kBool:
    case kDate:
    case kTime:
    case kTimestamp:
    case kDuration:
    case kFixedSizeBinary:
    case kList:
    case kLargeList: return 2;
    case kBinary:
    case kUtf8:
    case kLargeBinary:
    case kLargeUtf8: return 3;
    default: fail(ErrorCode::format, path, ": column ", name, " has type ", int{kind}, ", which is not supported");
  }
}

}  // namespace

ArrowFile::ArrowFile(const std::string& path) : file_(path) {
  static_assert(std::endian::native == std::endian::little, "Arrow files are little-endian");
  constexpr std::uint64_t kStart = 8, kEnd = 10;  // magic and padding; footer length and magic
  const std::string start = file_.read(0, std::min<std::uint64_t>(file_.size(), kMagic.size()));
  check(start == kMagic && file_.size() >= kStart + kEnd, ErrorCode::format, path,
        ": not an Arrow file: it does not begin with ARROW1 (the stream and Feather formats are not read)");
  const std::string end = file_.read(file_.size() - kEnd, kEnd);
  check(end.substr(4) == kMagic, ErrorCode::format, path, ": does not end with ARROW1: the file is cut short");
  std::uint32_t footer_bytes = 0;
  std::memcpy(&footer_bytes, end.data(), 4);
  check(footer_bytes <= kMaxMetadataBytes && footer_bytes <= file_.size() - kStart - kEnd, ErrorCode::format, path,
        ": the footer's length is ", footer_bytes, " bytes, the file has ", file_.size());
  const std::string bytes = file_.read(file_.size() - kEnd - footer_bytes, footer_bytes);
  const FlatTable footer = FlatTable::root(bytes, file_.path());
  read_schema(footer);
  for (std::int64_t i = 0; i < footer.count(footer::kBatches); ++i) {
    const auto number = [&](std::size_t offset) {
      return footer.struct_number<std::int64_t>(footer::kBatches, i, block::kSize, offset);
    };
    read_batch(number(block::kOffset),
               footer.struct_number<std::int32_t>(footer::kBatches, i, block::kSize, block::kMetadata),
               number(block::kBody));
  }
}

void ArrowFile::read_schema(const FlatTable& footer) {
  const FlatTable table = footer.table(footer::kSchema);
  check(table.number<std::int16_t>(schema::kEndianness, 0) == 0, ErrorCode::format, file_.path(),
        ": is big-endian, which is not supported");
  for (std::int64_t i = 0; i < table.count(schema::kFields); ++i) {
    fields_.push_back(read_field(table.element(schema::kFields, i), 0));
  }
}

ArrowFile::Field ArrowFile::read_field(const FlatTable& table, int depth) {
  check(depth < kMaxDepth, ErrorCode::format, file_.path(), ": columns nested deeper than ", kMaxDepth);
  Field result;
  result.name = table.text(field::kName);
  result.dictionary = table.has(field::kDictionary);
  const auto kind = table.number<std::uint8_t>(field::kTypeKind, 0);
  result.wide = kind == kLargeBinary || kind == kLargeUtf8 || kind == kLargeList;
  result.node = nodes_++;
  result.buffer = buffers_;
  // A dictionary-encoded column holds indices in place of its values.
  buffers_ += result.dictionary ? 2 : buffer_count(kind, file_.path(), result.name);
  if (kind == kBinary || kind == kUtf8 || kind == kLargeBinary || kind == kLargeUtf8) result.type = Type::binary;
  if (kind == kList || kind == kLargeList) result.type = Type::list;
  if (kind == kBool) result.type = Type::boolean;
  if (kind == kInt) {
    const FlatTable type = table.table(field::kType);
    result.type = Type::integer;
    result.bits = type.number<std::int32_t>(0, 0);
    result.is_signed = type.number<std::uint8_t>(1, 0) != 0;
    check(result.bits == 8 || result.bits == 16 || result.bits == 32 || result.bits == 64, ErrorCode::format,
          file_.path(), ": column ", result.name, " has integers of ", result.bits, " bits");
  }
  if (kind == kFloatingPoint) {
    constexpr std::int16_t kSingle = 1, kDouble = 2;
    const auto precision = table.table(field::kType).number<std::int16_t>(0, 0);
    result.type = precision == kSingle || precision == kDouble ? Type::floating : Type::other;
    result.bits = precision == kDouble ? 64 : 32;
  }
  const std::int64_t children = result.dictionary ? 0 : table.count(field::kChildren);
  check(result.type != Type::list || result.dictionary || children == 1, ErrorCode::format, file_.path(), ": column ",
        result.name, " is a list of ", children, " things");
  for (std::int64_t i = 0; i < children; ++i) {
    result.children.push_back(read_field(table.element(field::kChildren, i), depth + 1));
  }
  return result;
}

void ArrowFile::read_batch(std::int64_t offset, std::int64_t metadata_bytes, std::int64_t body_bytes) {
  const auto require = [&](bool condition, const char* what) {
    check(condition, ErrorCode::format, file_.path(), ": record batch ", batches_.size(), ": ", what);
  };
  const auto size = static_cast<std::int64_t>(file_.size());
  require(offset >= 0 && metadata_bytes >= 8 && body_bytes >= 0 && offset <= size && metadata_bytes <= size - offset &&
              body_bytes <= size - offset - metadata_bytes &&
              metadata_bytes <= static_cast<std::int64_t>(kMaxMetadataBytes),
          "lies outside the file");
  const std::string bytes = file_.read(static_cast<std::uint64_t>(offset), static_cast<std::size_t>(metadata_bytes));
  // 4 bytes of ones and the metadata's length; files of before 2019 lack the ones.
  const std::size_t prefix = bytes.starts_with("\xff\xff\xff\xff") ? 8 : 4;
  const FlatTable message = FlatTable::root(std::string_view(bytes).substr(prefix), file_.path());
  require(message.number<std::uint8_t>(message_table::kHeaderKind, 0) == message_table::kRecordBatch,
          "is something else");
  const FlatTable header = message.table(message_table::kHeader);
  require(!header.has(record_batch::kCompression), "is compressed; write the file without compression");

  Batch batch;
  batch.first_row = rows_;
  batch.rows = header.number<std::int64_t>(record_batch::kLength, 0);
  require(header.count(record_batch::kNodes) == static_cast<std::int64_t>(nodes_) &&
              header.count(record_batch::kBuffers) == static_cast<std::int64_t>(buffers_),
          "has other columns than the schema");
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(nodes_); ++i) {
    batch.node_rows.push_back(header.struct_number<std::int64_t>(record_batch::kNodes, i, 16, 0));
  }
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(buffers_); ++i) {
    const auto begin = header.struct_number<std::int64_t>(record_batch::kBuffers, i, 16, 0);
    const auto length = header.struct_number<std::int64_t>(record_batch::kBuffers, i, 16, 8);
    require(begin >= 0 && length >= 0 && begin <= body_bytes && length <= body_bytes - begin,
            "has a buffer outside its body");
    batch.buffers.push_back(
        {static_cast<std::uint64_t>(offset + metadata_bytes + begin), static_cast<std::uint64_t>(length)});
  }
  for (const Field& one : fields_) require(batch.node_rows[one.node] == batch.rows, "has columns of several lengths");
  require(batch.rows >= 0 && batch.rows <= (std::int64_t{1} << 40), "has an impossible number of rows");
  rows_ += batch.rows;
  batches_.push_back(std::move(batch));
}

bool ArrowFile::has(const std::string& column) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const Field& one) { return one.name == column; });
}

ArrowFile::Cell ArrowFile::cell(const std::string& column, std::int64_t row) const {
  const auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& one) { return one.name == column; });
  check(found != fields_.end(), ErrorCode::format, file_.path(), ": has no column ", column);
  check(row >= 0 && row < rows_, ErrorCode::index, file_.path(), ": row ", row, " was asked for, there are ", rows_);
  const auto batch = std::upper_bound(batches_.begin(), batches_.end(), row,
                                      [](std::int64_t r, const Batch& b) { return r < b.first_row + b.rows; });
  return {&*batch, &*found, row - batch->first_row};
}

/// Number `place` of the column's buffer: `bytes` bytes, not sign-extended.
std::uint64_t ArrowFile::buffer_number(const Cell& cell, std::size_t buffer, std::int64_t place,
                                       std::size_t bytes) const {
  const Range& range = cell.batch->buffers[cell.field->buffer + buffer];
  check(place >= 0 && static_cast<std::uint64_t>(place) < range.bytes / bytes, ErrorCode::format, file_.path(),
        ": column ", cell.field->name, ": cell ", place, " lies outside its buffer");
  std::uint64_t value = 0;
  file_.read(range.offset + static_cast<std::uint64_t>(place) * bytes, &value, bytes);
  return value;
}

bool ArrowFile::is_null(const Cell& cell) const {
  if (cell.batch->buffers[cell.field->buffer].bytes == 0) return false;  // all are there
  return (buffer_number(cell, 0, cell.row / 8, 1) >> (cell.row % 8) & 1U) == 0;
}

ArrowFile::Range ArrowFile::extent(const Cell& cell) const {
  const std::size_t width = cell.field->wide ? 8 : 4;
  const std::uint64_t begin = buffer_number(cell, 1, cell.row, width);
  const std::uint64_t end = buffer_number(cell, 1, cell.row + 1, width);
  check(begin <= end, ErrorCode::format, file_.path(), ": column ", cell.field->name, ": a cell ends before it begins");
  return {begin, end - begin};
}

ArrowFile::Range ArrowFile::bytes_of(const Cell& cell) const {
  check(cell.field->type == Type::binary && !cell.field->dictionary, ErrorCode::format, file_.path(), ": column ",
        cell.field->name, " holds neither bytes nor text");
  if (is_null(cell)) return {};
  const Range inside = extent(cell);
  const Range& buffer = cell.batch->buffers[cell.field->buffer + 2];
  check(inside.offset <= buffer.bytes && inside.bytes <= buffer.bytes - inside.offset, ErrorCode::format, file_.path(),
        ": column ", cell.field->name, ": a cell lies outside its buffer");
  return {buffer.offset + inside.offset, inside.bytes};
}

std::string ArrowFile::text_of(const Cell& cell) const {
  const Range range = bytes_of(cell);
  check(range.bytes <= kMaxTextBytesInCell, ErrorCode::format, file_.path(), ": column ", cell.field->name,
        ": a text of ", range.bytes, " bytes");
  return file_.read(range.offset, static_cast<std::size_t>(range.bytes));
}

std::int64_t ArrowFile::integer_of(const Cell& cell) const {
  check(cell.field->type == Type::integer && !cell.field->dictionary && !is_null(cell), ErrorCode::format, file_.path(),
        ": column ", cell.field->name, " holds no integer");
  const int unused = 64 - cell.field->bits;
  const std::uint64_t value = buffer_number(cell, 1, cell.row, static_cast<std::size_t>(cell.field->bits / 8))
                              << unused;
  return cell.field->is_signed ? static_cast<std::int64_t>(value) >> unused
                               : static_cast<std::int64_t>(value >> unused);
}

double ArrowFile::number_of(const Cell& cell) const {
  if (cell.field->type == Type::integer) return static_cast<double>(integer_of(cell));
  check(cell.field->type == Type::floating && !cell.field->dictionary && !is_null(cell), ErrorCode::format,
        file_.path(), ": column ", cell.field->name, " holds no number");
  const std::uint64_t bits = buffer_number(cell, 1, cell.row, static_cast<std::size_t>(cell.field->bits / 8));
  return cell.field->bits == 64 ? std::bit_cast<double>(bits) : std::bit_cast<float>(static_cast<std::uint32_t>(bits));
}

std::vector<ArrowFile::Cell> ArrowFile::elements(const Cell& cell) const {
  check(cell.field->type == Type::list && !cell.field->dictionary, ErrorCode::format, file_.path(), ": column ",
        cell.field->name, " holds no list");
  std::vector<Cell> result;
  if (is_null(cell)) return result;
  const Range inside = extent(cell);
  const Field& child = cell.field->children.front();
  const auto rows = static_cast<std::uint64_t>(cell.batch->node_rows[child.node]);
  check(inside.bytes <= kMaxListLength && inside.offset <= rows && inside.bytes <= rows - inside.offset,
        ErrorCode::format, file_.path(), ": column ", cell.field->name, ": a list lies outside its elements");
  for (std::uint64_t i = 0; i < inside.bytes; ++i) {
    result.push_back({cell.batch, &child, static_cast<std::int64_t>(inside.offset + i)});
  }
  return result;
}

template <class Element, class Get>
std::vector<Element> ArrowFile::list_of(const Cell& cell, Get get) const {
  std::vector<Element> result;
  for (const Cell& element : elements(cell)) result.push_back(get(element));
  return result;
}

ArrowFile::Range ArrowFile::bytes(const std::string& column, std::int64_t row) const {
  return bytes_of(cell(column, row));
}
std::string ArrowFile::text(const std::string& column, std::int64_t row) const { return text_of(cell(column, row)); }
std::int64_t ArrowFile::integer(const std::string& column, std::int64_t row) const {
  return integer_of(cell(column, row));
}
std::vector<std::string> ArrowFile::texts(const std::string& column, std::int64_t row) const {
  return list_of<std::string>(cell(column, row), [this](const Cell& c) { return text_of(c); });
}
std::vector<std::int64_t> ArrowFile::integers(const std::string& column, std::int64_t row) const {
  return list_of<std::int64_t>(cell(column, row), [this](const Cell& c) { return integer_of(c); });
}
std::vector<double> ArrowFile::numbers(const std::string& column, std::int64_t row) const {
  return list_of<double>(cell(column, row), [this](const Cell& c) { return number_of(c); });
}
std::vector<std::vector<std::string>> ArrowFile::nested_texts(const std::string& column, std::int64_t row) const {
  return list_of<std::vector<std::string>>(cell(column, row), [this](const Cell& inner) {
    return list_of<std::string>(inner, [this](const Cell& c) { return text_of(c); });
  });
}
std::vector<std::vector<double>> ArrowFile::nested_numbers(const std::string& column, std::int64_t row) const {
  return list_of<std::vector<double>>(cell(column, row), [this](const Cell& inner) {
    return list_of<double>(inner, [this](const Cell& c) { return number_of(c); });
  });
}

}  // namespace aio
