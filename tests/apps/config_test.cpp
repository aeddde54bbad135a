// Configuration: types, ranges, messages, and that what is written is read back.

#include "apps/common/config.h"

#include <doctest/doctest.h>

#include <fstream>
#include <limits>

#include "tests/expect_error.h"
#include "tests/temp_dir.h"

using namespace aio::apps;

namespace {

struct Settings {
  bool resume = false;
  std::int64_t steps = 100;
  double lr = 1e-4;
  std::string name = "run", kind = "roll";
  std::vector<std::string> roots = {"a", "b"};
  Config config;

  Settings() {
    config.add("run.name", &name, "what the run is called");
    config.add("run.resume", &resume, "go on");
    config.add("train.steps", &steps, "steps", "updates", 1, 1'000'000);
    config.add("train.lr", &lr, "", "learning rate", 0, 1);
    config.add("model.roll.kind", &kind, "how tokens move", {"none", "roll"});
    config.add("data.roots", &roots, "folders");
  }
};

}  // namespace

TEST_CASE("config: values of every type from a file, then from --set") {
  Settings s;
  s.config.load_text(
      "[run]\nname = \"first\"\nresume = true\n[train]\nsteps = 7\nlr = 1\n[model.roll]\nkind = 'none'\n"
      "[data]\nroots = [\"x\"]\n",
      "t.toml");
  CHECK(s.name == "first");
  CHECK(s.resume);
  CHECK(s.steps == 7);
  CHECK(s.lr == 1.0);
  CHECK(s.kind == "none");
  CHECK(s.roots == std::vector<std::string>{"x"});
  s.config.set("train.steps=9");
  s.config.set("train.lr=2.5e-3");
  s.config.set("run.name=second run");
  s.config.set("run.name=\"quoted = text\"");
  s.config.set("data.roots=['p', 'q']");
  s.config.set("run.resume=false");
  CHECK(s.steps == 9);
  CHECK(s.lr == 2.5e-3);
  CHECK(s.name == "quoted = text");
  CHECK(s.roots == std::vector<std::string>{"p", "q"});
  CHECK_FALSE(s.resume);
  CHECK(s.config.changes() == std::vector<std::string>{"run.name = \"quoted = text\"", "train.steps = 9",
                                                       "train.lr = 0.0025", "model.roll.kind = \"none\"",
                                                       "data.roots = [\"p\", \"q\"]"});
}

TEST_CASE("config: what to_toml writes gives the same configuration") {
  Settings a, b;
  a.name = "quote \" backslash \\ line\nfeed é";
  a.lr = 0.1 + 0.2;
  a.steps = 1;
  a.resume = true;
  a.roots = {};
  b.config.load_text(a.config.to_toml(), "written");
  CHECK(b.name == a.name);
  CHECK(b.lr == a.lr);
  CHECK(b.steps == 1);
  CHECK(b.resume);
  CHECK(b.roots.empty());
  CHECK(b.config.to_toml() == a.config.to_toml());
  a.lr = 1;  // a number without a fraction stays a number
  CHECK(a.config.to_toml().find("lr = 1.0\n") != std::string::npos);
}

TEST_CASE("config: messages name the file, line and column, and the nearest key") {
  Settings s;
  EXPECT_ERROR(s.config.load_text("[train]\nstep = 3\n", "t.toml"), config,
               "t.toml:2:1: unknown key train.step (did you mean train.steps?");
  EXPECT_ERROR(s.config.load_text("[train]\nsteps = 'three'\n", "t.toml"), config,
               "t.toml:2:1: train.steps is \"three\", expected integer");
  EXPECT_ERROR(s.config.load_text("[train]\nsteps = 0\n", "t.toml"), config, "train.steps is 0, expected 1 to 1000000");
  EXPECT_ERROR(s.config.load_text("[train]\nlr = nan\n", "t.toml"), config, "train.lr is nan, expected 0.0 to 1.0");
  EXPECT_ERROR(s.config.load_text("[train]\nlr = inf\n", "t.toml"), config, "train.lr is inf");
  EXPECT_ERROR(s.config.load_text("[train\n", "t.toml"), config, "t.toml:1:");
  EXPECT_ERROR(s.config.load_text("train = 3\n", "t.toml"), config, "unknown key train");
  EXPECT_ERROR(s.config.load_text("[train.steps]\nx = 1\n", "t.toml"), config, "unknown key train.steps.x");
  EXPECT_ERROR(s.config.load_text("[data]\nroots = [1]\n", "t.toml"), config, "the array holds an integer");
  EXPECT_ERROR(s.config.load_text("[run]\nname = 1979-05-27\n", "t.toml"), config, "a date or time is not a value");
  EXPECT_ERROR(s.config.set("train.steps"), config, "expected key=value");
  EXPECT_ERROR(s.config.set("train.steps=x"), config, "--set train.steps=x: train.steps is x, expected integer");
  EXPECT_ERROR(s.config.set("train.steps=1\nlr=2"), config, "expected one value");
  EXPECT_ERROR(s.config.set("model.roll.kind=rol"), config, "is \"rol\", expected one of none, roll");
  EXPECT_ERROR(s.config.load_file("/nonexistent/x.toml"), io, "/nonexistent/x.toml");
  CHECK(s.steps == 100);  // refused values change nothing
}

TEST_CASE("config: hostile files are refused quickly") {
  Settings s;
  EXPECT_ERROR(s.config.load_text("x = " + std::string(1'000'000, '['), "deep.toml"), config, "deep.toml");
  EXPECT_ERROR(s.config.load_text("[train]\nsteps = 99999999999999999999\n", "big.toml"), config, "big.toml:2");
  const aio::test::TempDir dir;
  const std::string path = dir / "huge.toml";
  std::ofstream(path) << std::string(5 << 20, '#');
  EXPECT_ERROR(s.config.load_file(path), config, "larger than");
}

TEST_CASE("config: help lists every key with type, unit and default") {
  const Settings s;
  const std::string help = s.config.help();
  CHECK(help.find("steps = 100  # integer, steps: updates") != std::string::npos);
  CHECK(help.find("[model.roll]\nkind = \"roll\"  # text: how tokens move (none, roll)") != std::string::npos);
}
