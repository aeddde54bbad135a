// A run that is killed twenty times ends as if nothing had happened.

#include <doctest/doctest.h>

#include "tests/apps/train_runs.h"

TEST_CASE("aio_train: killed twenty times and resumed, a run ends with the same bytes") {
  aio::test::check_killed_and_resumed(20);
}
