#include "tests/ops/declared_ops.h"

#include <doctest/doctest.h>

#include <fstream>
#include <regex>

namespace aio::test {

// A declaration starts its line with the return type and is not an operator, which is an op's other spelling.
std::set<std::string> declared_ops() {
  std::ifstream header(AIO_TEST_DATA "/../autograd/ops.h");
  const std::regex declaration(R"(^(?:Tensor|std::vector<Tensor>|ValuesAndIndices) (\w+)\()");
  std::set<std::string> names;
  for (std::string line; std::getline(header, line);) {
    std::smatch match;
    if (std::regex_search(line, match, declaration)) names.insert(match[1]);
  }
  return names;
}

TEST_CASE("declared_ops: finds functions of every kind of declaration") {
  const std::set<std::string> names = declared_ops();
  CHECK(names.size() >= 55);  // 57 when written
  for (const char* name : {"add", "sum", "split", "topk", "linear_residual", "attention_packed", "sort"}) {
    INFO(name);
    CHECK(names.count(name) == 1);
  }
  CHECK(names.count("operator") == 0);
}

}  // namespace aio::test
