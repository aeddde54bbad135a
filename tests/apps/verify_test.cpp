// aio_model verify: all small goldens pass (ctest runs the program on each); here, that it can fail.

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/common/app.h"
#include "apps/model/golden_check.h"
#include "tensor/safetensors.h"
#include "tests/expect_error.h"
#include "tests/models/golden.h"
#include "tests/temp_dir.h"
#include "tests/text_file.h"

using namespace aio;
using namespace aio::apps;
namespace fs = std::filesystem;

namespace {

/// Keys that fail.
std::vector<std::string> failed(const GoldenSet& set) {
  std::vector<std::string> keys;
  for (const Comparison& one : check_golden_set(set, Device{})) {
    if (!one.pass) keys.push_back(one.key);
  }
  return keys;
}

/// The set with one element of one tensor changed.
GoldenSet corrupted(GoldenSet set, const std::string& key, double by, std::int64_t element = 0) {
  Tensor& tensor = set.tensors.at(key);
  if (tensor.dtype() == DType::i64) {
    std::vector<std::int64_t> values = tensor.to_vector<std::int64_t>();
    values[static_cast<std::size_t>(element)] += static_cast<std::int64_t>(by);
    tensor = Tensor::from(values, tensor.shape());
  } else {
    std::vector<float> values = tensor.to_vector<float>();
    values[static_cast<std::size_t>(element)] += static_cast<float>(by);
    tensor = Tensor::from(values, tensor.shape());
  }
  return set;
}

/// The files of a golden set in a folder of their own, to be damaged.
class Copy {
 public:
  explicit Copy(const std::string& name) : name_(name) {
    for (const char* part : {".manifest.json", ".weights.safetensors", ".io.safetensors"}) {
      fs::copy_file(test::golden(name + part), dir_ / (name + part));
    }
  }
  std::string file(const std::string& part) const { return dir_ / (name_ + part); }
  /// Exit code of `aio_model verify` on it, what it printed in out().
  int verify(const std::string& options = "") const {
    const std::string command = std::string(AIO_BIN) + "/aio_model verify " + file(".manifest.json") + " " + options +
                                " > " + (dir_ / "out") + " 2> " + (dir_ / "err");
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  std::string read(const std::string& name) const { return test::read_text_file(dir_ / name); }
  void write(const std::string& part, const std::string& text) const { std::ofstream(file(part)) << text; }

 private:
  std::string name_;
  test::TempDir dir_;
};

}  // namespace

TEST_CASE("verify: one value of one tensor decides") {
  const GoldenSet set = load_golden_set(test::golden("micro_f8.manifest.json"));
  CHECK(failed(set).empty());
  CHECK(failed(corrupted(set, "out.norm", 2e-4, 1234)) == std::vector<std::string>{"out.norm"});
  CHECK(failed(corrupted(set, "out.video_mask", -1, 7)) == std::vector<std::string>{"out.video_mask"});
  CHECK(failed(corrupted(set, "shuf.cls_feats", 1e-4, 3)) == std::vector<std::string>{"shuf.cls_feats"});
  CHECK(failed(corrupted(set, "out.vqa_loss", 1e-3)) == std::vector<std::string>{"out.vqa_loss"});
  CHECK(failed(corrupted(set, "grad.transformer.norm.bias", 1e-3, 5)) ==
        std::vector<std::string>{"grad.transformer.norm.bias"});
  CHECK(failed(corrupted(set, "grad_itm_wpa_loss.transformer.norm.bias", 1e-3, 5)) ==
        std::vector<std::string>{"grad_itm_wpa_loss.transformer.norm.bias"});
  CHECK(failed(corrupted(set, "in.itm_perm", 1)).size() == 1);
  CHECK(failed(corrupted(set, "in.frames", 0.5)).size() > 100);
  CHECK(failed(corrupted(set, "in.text_ids", 100'000, 1)).size() > 100);  // no such word: a failure, not a crash
  CHECK(failed(corrupted(set, "out.cls_feats", std::nan(""))) == std::vector<std::string>{"out.cls_feats"});

  GoldenSet changed = set;
  changed.scalars[0].second += 1e-3;
  CHECK(failed(changed) == std::vector<std::string>{"scalars." + set.scalars[0].first});
  changed = set;
  changed.grad_none.emplace_back("pooler.dense.weight");
  CHECK(failed(changed) == std::vector<std::string>{"grad_none.pooler.dense.weight"});
  changed = set;
  changed.grad_norms[0].second[0].second = 1e3;
  CHECK(failed(changed).size() == 1);
  changed = set;
  changed.tensors["out.mystery"] = Tensor::zeros({2});
  changed.keys.emplace_back("out.mystery");
  CHECK(failed(changed) == std::vector<std::string>{"out.mystery"});
  changed.tensors["grad_mystery.pooler.dense.bias"] = Tensor::zeros({64});
  changed.keys.emplace_back("grad_mystery.pooler.dense.bias");
  CHECK(failed(changed).size() == 2);
}

TEST_CASE("verify: exit codes and JSON") {
  const Copy good("micro_f8");
  CHECK(good.verify("--json") == 0);
  const nlohmann::json passed = nlohmann::json::parse(good.read("out"));
  CHECK(passed.at("pass") == true);
  CHECK(passed.at("manifests").at(0).at("keys").size() == passed.at("manifests").at(0).at("compared"));
  for (const auto& row : passed.at("manifests").at(0).at("keys")) {
    CHECK(row.at("max_abs_error").get<double>() <= row.at("tolerance").get<double>());
  }
  CHECK(good.verify("--device nowhere") == 2);

  const Copy wrong("micro_f8");
  auto tensors = load_safetensors(wrong.file(".weights.safetensors"));
  Tensor& weight = tensors.at("transformer.blocks.1.mlp.fc2.weight");
  std::vector<float> values = weight.to_vector<float>();
  values[77] += 0.1F;
  weight = Tensor::from(values, weight.shape());
  save_safetensors(wrong.file(".weights.safetensors"), tensors);
  CHECK(wrong.verify() == 1);
  CHECK(wrong.read("out").find("FAIL") != std::string::npos);

  const Copy bad("micro_f8");
  CHECK(bad.verify(test::golden("micro_f8.manifest.json")) == 0);  // two manifests
  fs::resize_file(bad.file(".io.safetensors"), 100'000);
  CHECK(bad.verify(test::golden("micro_f8.manifest.json") + " --json") == 4);
  CHECK(nlohmann::json::parse(bad.read("out")).at("pass") == false);
  CHECK(bad.read("err").find("io.safetensors") != std::string::npos);
  bad.write(".manifest.json", "{\"keys\": 3}");
  CHECK(bad.verify() == 4);
  bad.write(".manifest.json", "no json");
  CHECK(bad.verify() == 4);
  fs::remove(bad.file(".manifest.json"));
  CHECK(bad.verify() == 4);
}

TEST_CASE("verify: a manifest must describe its files") {
  const Copy copy("micro_f8");
  const std::string manifest = copy.read("micro_f8.manifest.json");
  const auto with = [&](const std::function<void(nlohmann::ordered_json&)>& change) {
    auto json = nlohmann::ordered_json::parse(manifest);
    change(json);
    copy.write(".manifest.json", json.dump());
    try {
      load_golden_set(copy.file(".manifest.json"));
    } catch (const Exit& error) {
      CHECK(error.code == kWeights);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK(with([](auto& json) {
          json["keys"]["out.absent"] = {{"shape", {1}}, {"dtype", "float32"}};
        }).find("out.absent, which the io file lacks") != std::string::npos);
  CHECK(with([](auto& json) { json["keys"]["out.norm"]["shape"] = {1, 2}; }).find("out.norm") != std::string::npos);
  CHECK(with([](auto& json) { json["weights_file"] = "none.safetensors"; }).find("none.safetensors") !=
        std::string::npos);
  CHECK(with([](auto& json) { json["config"]["num_heads"] = 5; }).find("heads") != std::string::npos);
  CHECK(with([](auto& json) { json["config"].erase("image_size"); }).find("image_size") != std::string::npos);
  CHECK(with([](auto& json) { json["config"]["image_size"] = 64; }).find("positions") != std::string::npos);
}
