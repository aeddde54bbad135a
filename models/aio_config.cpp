#include "models/aio_config.h"

#include <array>

#include "tensor/error.h"

namespace aio::models {
namespace {

struct Size {
  std::string_view name;
  std::int64_t hidden;
  int heads;
  int layers;
  std::int64_t image;
};
constexpr std::array kSizes = {Size{"ti", 192, 3, 12, 224}, Size{"s", 384, 6, 12, 224}, Size{"b", 768, 12, 12, 224},
                               Size{"micro", 128, 4, 4, 96}, Size{"demo", 64, 4, 4, 48}};

void expect(bool condition, const char* field, auto value, const char* expected) {
  check(condition, ErrorCode::config, "model.", field, " is ", value, ", expected ", expected);
}

}  // namespace

void AioConfig::validate() const {
  expect(hidden_size >= 1 && hidden_size <= 65536, "hidden_size", hidden_size, "1 to 65536");
  expect(heads >= 1 && hidden_size % heads == 0, "heads", heads, "a divisor of hidden_size");
  expect(layers >= 1 && layers <= 1024, "layers", layers, "1 to 1024");
  expect(mlp_ratio > 0 && mlp_ratio <= 64, "mlp_ratio", mlp_ratio, "above 0, at most 64");
  expect(patch_size >= 1 && patch_size <= 1024, "patch_size", patch_size, "1 to 1024");
  expect(image_size >= patch_size && image_size <= 16384 && image_size % patch_size == 0, "image_size", image_size,
         "a multiple of patch_size, at most 16384");
  expect(frames >= 1 && frames <= 4096, "frames", frames, "1 to 4096");
  expect(vocab_size >= 1 && vocab_size <= 100'000'000, "vocab_size", vocab_size, "1 to 100,000,000");
  expect(max_text_len >= 2 && max_text_len <= 65536, "max_text_len", max_text_len, "2 to 65536: [CLS] and [SEP]");
  expect(shared_dim >= 1 && shared_dim <= 65536, "shared_dim", shared_dim, "1 to 65536");
  expect(dropout >= 0 && dropout < 1, "dropout", dropout, "0 <= dropout < 1");
  expect(drop_path >= 0 && drop_path < 1, "drop_path", drop_path, "0 <= drop_path < 1");
  expect(temperature > 0, "temperature", temperature, "above 0");
  expect(roll.proportion >= 0 && roll.proportion <= 1, "roll.proportion", roll.proportion, "0 to 1");
  expect(init_std > 0, "init_std", init_std, "above 0");
  expect(head.qa_labels == 0 || head.vqav2_labels == 0, "head.vqav2_labels", head.vqav2_labels,
         "0 where head.qa_labels is set: both are called vqa_classifier");
  expect(!head.vcop || frames <= 7, "head.vcop", frames, "at most 7 frames: the head has frames! classes");
}

AioConfig config_for_size(std::string_view size) {
  for (const Size& known : kSizes) {
    if (known.name != size) continue;
    AioConfig config;
    config.name = size;
    config.hidden_size = known.hidden;
    config.heads = known.heads;
    config.layers = known.layers;
    config.image_size = known.image;
    if (size == "demo") {
      // At this width the reference's 0.02 is too small a start: motion is not learned within a demo's budget.
      config.init_std = 0.1;
      config.temporal_init_std = 0.3;
      config.sincos_positions = 0.5;
      config.shared_dim = 64;
      config.max_text_len = 24;
      config.dropout = 0;
      config.drop_path = 0;
    }
    return config;
  }
  std::string names;
  for (const Size& known : kSizes) names.append(names.empty() ? "" : ", ").append(known.name);
  fail(ErrorCode::config, "model size \"", size, "\" is unknown; there are ", names);
}

std::vector<std::string> model_sizes() {
  std::vector<std::string> names;
  for (const Size& known : kSizes) names.emplace_back(known.name);
  return names;
}

}  // namespace aio::models
