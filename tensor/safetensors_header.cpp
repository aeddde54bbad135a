#include "tensor/safetensors_header.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "tensor/error.h"
#include "tensor/file_tensor.h"

namespace aio {

namespace {

using nlohmann::json;

constexpr int kMaxDepth = 127;  // nesting that serde_json, the reference's parser, accepts

/// Collects why a header is refused; every check goes through it so that each message names the file.
class HeaderParser {
 public:
  HeaderParser(const std::string& path, const SafetensorsLimits& limits) : path_(path), limits_(limits) {}

  template <class... Parts>
  void require(bool condition, const Parts&... parts) const {
    require_safetensors(condition, path_, parts...);
  }

  /// The JSON value of `text`, refusing what the reference's parser refuses and nlohmann's would let pass.
  json parse(std::string_view text) const {
    require(text.find('\0') == std::string_view::npos, "the header contains a NUL byte");
    require(!text.starts_with("\xef\xbb\xbf"), "the header starts with a byte order mark");
    std::vector<std::set<std::string>> keys;  // of the objects that are open
    const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
      switch (event) {
        case json::parse_event_t::object_start: keys.emplace_back(); [[fallthrough]];
        case json::parse_event_t::array_start:
          require(depth < kMaxDepth, "the header is nested deeper than ", kMaxDepth, " levels");
          break;
        case json::parse_event_t::object_end: keys.pop_back(); break;
        case json::parse_event_t::key:
          require(keys.back().insert(parsed.get<std::string>()).second, "the header has the key ", parsed.dump(),
                  " twice");
          break;
        default: break;
      }
      return true;
    };
    try {
      return json::parse(text, watch);
    } catch (const json::exception& error) {
      fail(ErrorCode::format, path_, ": not a safetensors file: the header is not JSON: ", error.what());
    }
  }

  std::map<std::string, std::string> metadata(const json& value) const {
    std::map<std::string, std::string> result;
    if (value.is_null()) return result;
    require(value.is_object(), "__metadata__ is not an object");
    for (const auto& [key, text] : value.items()) {
      require(text.is_string(), "__metadata__ of ", key, " is not a string");
      result.emplace(key, text.get<std::string>());
    }
    return result;
  }

  /// {"dtype", "shape", "data_offsets"}, or the same three as a list, which serde also reads.
  SafetensorsFile::Entry entry(const std::string& name, const json& info) const {
    require(name.size() <= limits_.name_bytes, "a tensor's name has ", name.size(), " bytes, at most ",
            limits_.name_bytes, " are allowed");
    const auto field = [&](const char* key, std::size_t position) -> const json& {
      if (info.is_array()) {
        require(info.size() == 3, "tensor ", name, " is a list of ", info.size(), " fields, expected 3");
        return info[position];
      }
      require(info.is_object() && info.contains(key), "tensor ", name, " has no ", key);
      return info[key];
    };
    SafetensorsFile::Entry entry;
    entry.name = name;
    const json& dtype = field("dtype", 0);
    // serde reads the unit variant "F32" also from {"F32": null}.
    const bool wrapped = dtype.is_object() && dtype.size() == 1 && dtype.begin().value().is_null();
    require(dtype.is_string() || wrapped, "tensor ", name, ": dtype is not a string");
    entry.dtype = wrapped ? dtype.begin().key() : dtype.get<std::string>();
    require(file_dtype_bits(entry.dtype) != 0, "tensor ", name, " has the unknown dtype ", entry.dtype);
    entry.shape = counts(name, "shape", field("shape", 1));
    const std::vector<std::uint64_t> offsets = counts(name, "data_offsets", field("data_offsets", 2));
    require(offsets.size() == 2, "tensor ", name, " has ", offsets.size(), " data_offsets, expected 2");
    entry.begin = offsets[0];
    entry.end = offsets[1];
    return entry;
  }

  /// The tensors must tile the data exactly, each as large as its shape and dtype say.
  void check_layout(const std::vector<SafetensorsFile::Entry>& entries, std::size_t data_bytes) const {
    std::size_t next = 0;
    for (const auto& e : entries) {
      require(e.begin == next && e.end >= e.begin, "tensor ", e.name, " lies at bytes ", e.begin, " to ", e.end,
              ", expected it to start at ", next, " (tensors follow each other without gaps)");
      std::uint64_t bits = file_dtype_bits(e.dtype);
      std::uint64_t elements = 1;
      bool overflow = false;
      for (const std::uint64_t d : e.shape) overflow = overflow || __builtin_mul_overflow(elements, d, &elements);
      overflow = overflow || __builtin_mul_overflow(elements, bits, &bits);
      require(!overflow, "tensor ", e.name, ": the size of its shape overflows 64 bits");
      require(bits % 8 == 0, "tensor ", e.name, " of ", e.dtype, " ends inside a byte");
      require(e.end - e.begin == bits / 8, "tensor ", e.name, " has ", e.end - e.begin, " bytes, its shape and dtype ",
              e.dtype, " need ", bits / 8);
      next = e.end;
    }
    require(next == data_bytes, "the header describes ", next, " bytes of data, the file has ", data_bytes,
            data_bytes < next ? " (truncated)" : "");
  }

 private:
  std::vector<std::uint64_t> counts(const std::string& name, const char* what, const json& list) const {
    require(list.is_array(), "tensor ", name, ": ", what, " is not a list");
    std::vector<std::uint64_t> result;
    for (const json& count : list) {
      require(count.is_number_unsigned(), "tensor ", name, ": ", what, " holds ", count.dump(),
              ", expected non-negative integers");
      result.push_back(count.get<std::uint64_t>());
    }
    return result;
  }

  const std::string& path_;
  const SafetensorsLimits& limits_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(const std::string& path, std::string_view text, std::size_t data_bytes,
                                           const SafetensorsLimits& limits) {
  const HeaderParser parser(path, limits);
  const json header = parser.parse(text);
  parser.require(header.is_object(), "the header is not a JSON object");
  SafetensorsHeader result;
  for (const auto& [name, value] : header.items()) {
    if (name == kSafetensorsMetadataKey) {
      result.metadata = parser.metadata(value);
    } else {
      parser.require(result.entries.size() < limits.tensors, "more than ", limits.tensors, " tensors");
      result.entries.push_back(parser.entry(name, value));
    }
  }
  std::sort(result.entries.begin(), result.entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  parser.check_layout(result.entries, data_bytes);
  return result;
}

}  // namespace aio
