#pragma once
// A table of HTML, and the few elements that all sections of a report use. Everything given as text is escaped here.

#include <cstdint>
#include <string>
#include <vector>

namespace aio::report {

class HtmlTable {
 public:
  explicit HtmlTable(std::vector<std::string> header) : header_(std::move(header)) {}

  struct Cell {
    Cell(std::string cell_text, bool is_best = false) : text(std::move(cell_text)), best(is_best) {}
    Cell(const char* cell_text) : text(cell_text) {}
    std::string text;
    bool best = false;  ///< bold
  };
  /// Rows shorter than the header are filled up.
  void add(std::vector<Cell> row);
  bool empty() const { return rows_.empty(); }
  std::string html() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

/// <p class="facts">: the parts that are not empty, with dots between.
std::string facts_element(const std::vector<std::string>& facts);

/// <details> with `heading` and facts always visible. `content` is HTML.
std::string details_element(const std::string& heading, const std::vector<std::string>& facts,
                            const std::string& content, bool open);

/// "2:05 min", "12 s".
std::string format_seconds(double seconds);
/// "279 k", "110 M".
std::string format_count(std::int64_t count);

}  // namespace aio::report
