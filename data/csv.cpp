#include "data/csv.h"

#include <algorithm>
#include <cctype>

#include "data/data_file.h"
#include "data/sample.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr int kEnd = -1;

/// Bytes of a file or of a text, one at a time, with the position and the line.
class Bytes {
 public:
  Bytes(const DataFile& file, std::uint64_t begin)
      : file_(&file), buffer_(std::size_t{1} << 18, '\0'), before_(begin) {}
  explicit Bytes(std::string_view text) : view_(text) {}

  int peek() {
    if (next_ == view_.size() && !refill()) return kEnd;
    return static_cast<unsigned char>(view_[next_]);
  }
  int get() {
    const int byte = peek();
    if (byte == kEnd) return kEnd;
    ++next_;
    if (byte == '\n') ++line_;
    return byte;
  }
  std::uint64_t position() const { return before_ + next_; }
  std::uint64_t line() const { return line_; }

 private:
  bool refill() {
    if (file_ == nullptr) return false;
    before_ += view_.size();
    view_ = std::string_view(buffer_.data(), file_->read_some(before_, buffer_.data(), buffer_.size()));
    next_ = 0;
    return !view_.empty();
  }

  const DataFile* file_ = nullptr;
  std::string buffer_;
  std::string_view view_;
  std::uint64_t before_ = 0;  // bytes before view_
  std::size_t next_ = 0;
  std::uint64_t line_ = 1;
};

/// The fields of one record; leaves `bytes` behind its line end.
class RecordParser {
 public:
  RecordParser(Bytes& bytes, char delimiter, const std::string& name)
      : bytes_(bytes), delimiter_(delimiter), name_(name), begin_(bytes.position()), line_(bytes.line()) {}

  void parse(std::vector<std::string>& fields) {
    fields.clear();
    do {
      fields.emplace_back(field());
    } while (bytes_.peek() == static_cast<unsigned char>(delimiter_) && bytes_.get() != kEnd);
    if (bytes_.peek() == '\n') bytes_.get();
  }

 private:
  std::string field() {
    std::string text;
    if (bytes_.peek() == '"') quoted(text);
    for (int byte = bytes_.peek(); byte != kEnd && byte != static_cast<unsigned char>(delimiter_);
         byte = bytes_.peek()) {
      if (byte == '\n') break;
      bytes_.get();
      if (byte == '\r' && (bytes_.peek() == '\n' || bytes_.peek() == kEnd)) break;
      append(text, byte);
    }
    return text;
  }

  void quoted(std::string& text) {
    const std::uint64_t opened = bytes_.line();
    bytes_.get();
    while (true) {
      const int byte = bytes_.get();
      check(byte != kEnd, ErrorCode::format, name_, ":", opened, ": a quote that opens on this line is never closed");
      if (byte == '"') {
        if (bytes_.peek() != '"') return;
        bytes_.get();
      }
      append(text, byte);
    }
  }

  void append(std::string& text, int byte) {
    check(bytes_.position() - begin_ <= kMaxLineBytes, ErrorCode::format, name_, ":", line_,
          ": the record has more than ", kMaxLineBytes, " bytes (is a quote left open?)");
    text.push_back(static_cast<char>(byte));
  }

  Bytes& bytes_;
  char delimiter_;
  const std::string& name_;
  std::uint64_t begin_;
  std::uint64_t line_;
};

/// Bytes of the mark that the file begins with, 0 or 3.
std::uint64_t byte_order_mark(const DataFile& file) {
  char start[3];
  return std::string_view(start, file.read_some(0, start, 3)) == "\xef\xbb\xbf" ? 3 : 0;
}

}  // namespace

struct CsvReader::State {
  State(const std::string& path, char d) : file(path), bytes(file, byte_order_mark(file)), delimiter(d) {}
  DataFile file;
  Bytes bytes;
  char delimiter;
  std::uint64_t line = 0, begin = 0, end = 0;
};

CsvReader::CsvReader(const std::string& path, char delimiter) : state_(std::make_unique<State>(path, delimiter)) {}
CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;

bool CsvReader::next(std::vector<std::string>& fields) {
  State& s = *state_;
  while (s.bytes.peek() == '\n' || s.bytes.peek() == '\r') s.bytes.get();
  if (s.bytes.peek() == kEnd) return false;
  s.line = s.bytes.line();
  s.begin = s.bytes.position();
  RecordParser(s.bytes, s.delimiter, s.file.path()).parse(fields);
  s.end = s.bytes.position();
  return true;
}

std::uint64_t CsvReader::line() const { return state_->line; }
std::uint64_t CsvReader::begin() const { return state_->begin; }
std::uint64_t CsvReader::end() const { return state_->end; }
std::string CsvReader::where() const { return message(state_->file.path(), ":", state_->line); }

std::vector<std::string> parse_csv_record(std::string_view text, char delimiter, const std::string& where) {
  Bytes bytes(text);
  std::vector<std::string> fields;
  RecordParser(bytes, delimiter, where).parse(fields);
  return fields;
}

std::string fold_csv_name(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

int csv_column(const std::vector<std::string>& header, std::string_view name) {
  const std::string wanted = fold_csv_name(name);
  const auto found =
      std::find_if(header.begin(), header.end(), [&](const auto& h) { return fold_csv_name(h) == wanted; });
  return found == header.end() ? -1 : static_cast<int>(found - header.begin());
}

}  // namespace aio
