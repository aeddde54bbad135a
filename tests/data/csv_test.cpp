#include "data/csv.h"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tests/expect_error.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

namespace aio {
namespace {

using Records = std::vector<std::vector<std::string>>;

Records read_all(const std::string& text, char delimiter) {
  const test::TempDir folder;
  test::write_text_file(folder / "f.csv", text);
  CsvReader reader(folder / "f.csv", delimiter);
  Records records;
  std::vector<std::string> fields;
  while (reader.next(fields)) records.push_back(fields);
  return records;
}

TEST_CASE("csv: quotes, doubled quotes, embedded line feeds, both line ends") {
  CHECK(read_all("a,b\nc,d\n", ',') == Records{{"a", "b"}, {"c", "d"}});
  CHECK(read_all("a,b\r\nc,d\r\n", ',') == Records{{"a", "b"}, {"c", "d"}});
  CHECK(read_all("\"x, y\",\"he said \"\"no\"\"\"\n", ',') == Records{{"x, y", "he said \"no\""}});
  CHECK(read_all("\"two\nlines\"\tid\r\n\"two\r\nmore\"\tid2\r\n", '\t') ==
        Records{{"two\nlines", "id"}, {"two\r\nmore", "id2"}});
  CHECK(read_all("", ',').empty());
  CHECK(read_all("a", ',') == Records{{"a"}});
  CHECK(read_all("a\r", ',') == Records{{"a"}});
  CHECK(read_all("a,\n,b\n", ',') == Records{{"a", ""}, {"", "b"}});
  CHECK(read_all("\"\",x\n", ',') == Records{{"", "x"}});
}

TEST_CASE("csv: what people's files have beside the standard") {
  CHECK(read_all("\xef\xbb\xbf"
                 "a,b\n",
                 ',') == Records{{"a", "b"}});
  // A text that begins with the mark's first byte is no mark (a full-width exclamation mark).
  CHECK(read_all("\xef\xbc\x81,b\n", ',') == Records{{"\xef\xbc\x81", "b"}});
  CHECK(read_all("\n\na,b\n\r\n\nc,d\n\n", ',') == Records{{"a", "b"}, {"c", "d"}});
  CHECK(read_all("5\" screen,it\"s\n", ',') == Records{{"5\" screen", "it\"s"}});
  CHECK(read_all("\"quoted\" and more,b\n", ',') == Records{{"quoted and more", "b"}});
  CHECK(read_all("NA,nan,null,\n", ',') == Records{{"NA", "nan", "null", ""}});
  CHECK(read_all("mid\rdle,b\n", ',') == Records{{"mid\rdle", "b"}});
}

TEST_CASE("csv: a record knows its line and its bytes") {
  const test::TempDir folder;
  const std::string text = "h1,h2\r\n\"a\nb\",c\r\nd,e";
  test::write_text_file(folder / "f.csv", text);
  CsvReader reader(folder / "f.csv", ',');
  std::vector<std::string> fields;
  reader.next(fields);
  reader.next(fields);
  CHECK(reader.line() == 2);
  CHECK(reader.where() == (folder / "f.csv:2"));
  const std::string bytes = text.substr(reader.begin(), reader.end() - reader.begin());
  CHECK(bytes == "\"a\nb\",c\r\n");
  CHECK(parse_csv_record(bytes, ',', "f") == fields);
  reader.next(fields);
  CHECK(reader.line() == 4);
  CHECK_FALSE(reader.next(fields));
}

TEST_CASE("csv: a quote left open is an error that names the line, and does not eat memory") {
  EXPECT_ERROR(read_all("a,b\nc,\"d\n", ','), format, "f.csv:2: a quote that opens on this line is never closed");
  EXPECT_ERROR(read_all("a,b\nc,\"d\n" + std::string(3 << 20, 'x'), ','), format, "f.csv:2: the record has more than");
}

TEST_CASE("csv: any fields come back when they are quoted as the standard says") {
  rc::check([](const std::vector<std::string>& fields, bool tab) {
    RC_PRE(!fields.empty());
    const char delimiter = tab ? '\t' : ',';
    std::string record;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (i > 0) record += delimiter;
      record += '"';
      for (const char c : fields[i]) record += c == '"' ? std::string("\"\"") : std::string(1, c);
      record += '"';
    }
    RC_ASSERT(parse_csv_record(record + "\r\n", delimiter, "f") == fields);
  });
}

TEST_CASE("csv: columns are found by name") {
  CHECK(csv_column({"start", " End ", "TEXT"}, "end") == 1);
  CHECK(csv_column({"start", " End ", "TEXT"}, "text") == 2);
  CHECK(csv_column({"start"}, "media") == -1);
}

}  // namespace
}  // namespace aio
