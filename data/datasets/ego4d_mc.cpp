// Ego4D multiple choice: <meta>/ego4d/mc_val.csv with the columns question and answers, which hold Python literals:
// question = [video, centre frame, ..., text], answers = a list of such lists. The right option is the one whose text
// is the question's (the last of several, the first if there is none). Frames count 30 a second, as in all of Ego4D's
// canonical videos.

#include <algorithm>
#include <charconv>

#include "data/datasets/python_literal.h"
#include "data/datasets/readers.h"
#include "data/datasets/table_file.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr double kFps = 30;
constexpr double kHalfWindow = 60;  // frames

const std::string& item_text(const PythonLiteral& list, std::size_t i, const std::string& where) {
  check(list.kind == PythonLiteral::list && i < list.items.size() && !list.items[i].string.empty(), ErrorCode::format,
        where, ": expected lists of video, frame, ..., text");
  return list.items[i].string;
}

const std::string& last_text(const PythonLiteral& list, const std::string& where) {
  return item_text(list, list.items.empty() ? 0 : list.items.size() - 1, where);
}

double to_seconds(const std::string& frame, const std::string& where) {
  double value = 0;
  const auto parsed = std::from_chars(frame.data(), frame.data() + frame.size(), value);
  check(parsed.ec == std::errc() && value >= 0, ErrorCode::format, where, ": \"", frame, "\" is not a frame's number");
  return value / kFps;
}

}  // namespace

void read_ego4d_mc(Conversion& conversion) {
  conversion.info.task = Task::choice;
  conversion.media_root("ego4d", {"videos", ""});
  int number = 0;
  for_each_row(conversion.need("ego4d", {"mc_val.csv"}), ',', [&](const TableRow& row) {
    const PythonLiteral question = parse_python_literal(row.text("question"), row.where());
    const PythonLiteral answers = parse_python_literal(row.text("answers"), row.where());
    check(answers.items.size() >= 2, ErrorCode::format, row.where(), ": has ", answers.items.size(), " answers");
    Sample sample = make_sample(message("mc", number++), item_text(question, 0, row.where()) + ".mp4");
    const double centre = to_seconds(item_text(question, 1, row.where()), row.where());
    sample.start = std::max(0.0, centre - kHalfWindow / kFps);
    sample.end = centre + kHalfWindow / kFps;
    sample.answer_index = 0;
    for (const PythonLiteral& answer : answers.items) {
      if (last_text(answer, row.where()) == last_text(question, row.where())) {
        sample.answer_index = static_cast<std::int64_t>(sample.options.size());
      }
      sample.options.push_back(last_text(answer, row.where()));
    }
    conversion.add("val", std::move(sample));
  });
}

}  // namespace aio
