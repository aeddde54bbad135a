#include "data/metrics/meteor_exact.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/expect_error.h"

namespace aio {
namespace {

double score(const Words& prediction, const std::vector<Words>& references) {
  return meteor_exact({{prediction, references}}).at(0);
}

double formula(double matches, double prediction, double reference, double chunks) {
  const double p = matches / prediction, r = matches / reference;
  return 10 * p * r / (r + 9 * p) * (1 - 0.5 * std::pow(chunks / matches, 3));
}

TEST_CASE("meteor, exact: matches, chunks and the best reference by hand") {
  CHECK(score({"a", "b", "c"}, {{"a", "b", "c"}}) == doctest::Approx(formula(3, 3, 3, 1)));
  CHECK(score({"the", "cat", "sat"}, {{"on", "the", "cat", "he", "sat"}}) == doctest::Approx(formula(3, 3, 5, 2)));
  CHECK(score({"c", "b", "a"}, {{"a", "b", "c"}}) == doctest::Approx(formula(3, 3, 3, 3)));
  CHECK(score({"x"}, {{"a", "b"}}) == 0);
  CHECK(score({}, {{"a"}}) == 0);
  CHECK(score({"a"}, {{}}) == 0);
  CHECK(score({"a", "b"}, {{"x"}, {"a", "b", "c"}, {"b", "a"}}) == doctest::Approx(formula(2, 2, 3, 1)));
  EXPECT_ERROR(meteor_exact({}), value, "METEOR: there are no captions to score");
}

TEST_CASE("meteor, exact: a repeated word counts as often as the reference has it, in the longest run") {
  // "b c" follow each other in the reference once: the second b of the prediction is the one that matches.
  CHECK(score({"b", "x", "b", "c"}, {{"a", "b", "c"}}) == doctest::Approx(formula(2, 4, 3, 1)));
  CHECK(score({"a", "a", "a"}, {{"a", "y", "a"}}) == doctest::Approx(formula(2, 3, 3, 2)));
}

TEST_CASE("meteor, exact: the values of NLTK with neither stems nor synonyms") {
  // nltk 3.10: single_meteor_score(reference, prediction, stemmer=<identity>, wordnet=<empty>)
  const Words reference = {"a", "man", "rides", "his", "brown", "horse", "on", "the", "beach"};
  CHECK(score({"a", "man", "rides", "the", "horse", "on", "sand"}, {reference}) == doctest::Approx(0.639204545454546));
  CHECK(score({"the", "beach", "a", "man", "swims"}, {reference}) == doctest::Approx(0.436046511627907));
}

}  // namespace
}  // namespace aio
