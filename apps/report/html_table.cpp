#include "apps/report/html_table.h"

#include <cmath>
#include <cstdint>
#include <cstdio>

#include "apps/common/html.h"
#include "tensor/error.h"

namespace aio::report {
namespace {

std::string joined(const std::vector<std::string>& facts) {
  std::string text;
  for (const std::string& fact : facts) {
    if (fact.empty()) continue;
    text.append(text.empty() ? "" : " &middot; ").append(apps::html_escaped(fact));
  }
  return text;
}

}  // namespace

void HtmlTable::add(std::vector<Cell> row) {
  while (row.size() < header_.size()) row.emplace_back("");
  rows_.push_back(std::move(row));
}

std::string HtmlTable::html() const {
  std::string html = "<table>\n<tr>";
  for (const std::string& name : header_) html += "<th>" + apps::html_escaped(name) + "</th>";
  html += "</tr>\n";
  for (const std::vector<Cell>& row : rows_) {
    html += "<tr>";
    for (const Cell& cell : row)
      html += message("<td", cell.best ? " class=\"best\"" : "", ">", apps::html_escaped(cell.text), "</td>");
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

std::string facts_element(const std::vector<std::string>& facts) {
  return "<p class=\"facts\">" + joined(facts) + "</p>\n";
}

std::string details_element(const std::string& heading, const std::vector<std::string>& facts,
                            const std::string& content, bool open) {
  return message("<details", open ? " open" : "", ">\n<summary><h3>", apps::html_escaped(heading),
                 "</h3><span class=\"facts\">", joined(facts), "</span></summary>\n", content, "</details>\n");
}

std::string format_seconds(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "-";
  char text[48];
  const auto total = std::llround(seconds);
  if (total >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld h", total / 3600, total / 60 % 60);
  } else if (total >= 60) {
    std::snprintf(text, sizeof text, "%lld:%02lld min", total / 60, total % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld s", total);
  }
  return text;
}

std::string format_count(std::int64_t count) {
  char text[32];
  const auto value = static_cast<double>(count);
  if (count >= 1'000'000) {
    std::snprintf(text, sizeof text, "%.3g M", value / 1e6);
  } else if (count >= 1000) {
    std::snprintf(text, sizeof text, "%.3g k", value / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%lld", static_cast<long long>(count));
  }
  return text;
}

}  // namespace aio::report
