#include "models/token_rolling.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "autograd/ops.h"
#include "tensor/random.h"
#include "tensor/recording.h"

namespace aio::models {
namespace {

constexpr std::array<std::pair<RollKind, std::string_view>, 9> kNames = {{
    {RollKind::none, "none"},
    {RollKind::roll, "roll"},
    {RollKind::random, "random"},
    {RollKind::per_layer, "per-layer"},
    {RollKind::channel, "channel"},
    {RollKind::time_average, "time_average"},
    {RollKind::flatten, "flatten"},
    {RollKind::per_layer_reference, "per-layer-reference"},
    {RollKind::channel_reference, "channel-reference"},
}};

/// floor(n * share), safe against shares like 0.1 that are a hair below their decimal.
std::int64_t part(std::int64_t n, double share) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(n) * share + 1e-9));
}

/// The paper's: slots 1..fold from the previous frame, the last `fold` slots from the next.
void roll_ends(RollStep& step, double proportion) {
  const auto visual = static_cast<std::int64_t>(step.shift.size());
  const std::int64_t fold = part(visual, proportion / 2);
  if (fold == 0) {
    // The released code slices [-0:], which is everything: below 8 tokens all of them take the next frame's. Such grids
    // are smaller than any in the paper; a model trained so must still be read so.
    if (proportion > 0) step.shift.assign(step.shift.size(), -1);
    return;
  }
  for (std::int64_t i = 0; i < fold; ++i) {
    step.shift[static_cast<std::size_t>(1 + i)] = 1;
    step.shift[static_cast<std::size_t>(visual - 1 - i)] = -1;
  }
}

void roll_random(RollStep& step, const RollConfig& config, int layer) {
  const auto visual = static_cast<std::int64_t>(step.shift.size());
  const std::vector<std::int64_t> order =
      permutation(visual - 1, RngKey{config.seed, 0, static_cast<std::uint32_t>(layer)});
  const std::int64_t moved = std::min(part(visual, config.proportion), visual - 1);
  for (std::int64_t i = 0; i < moved; ++i) {
    step.shift[static_cast<std::size_t>(1 + order[static_cast<std::size_t>(i)])] = 1;
  }
}

/// A window of an eighth of the slots, which moves on by its own width at each layer and starts over after eight.
void roll_window(RollStep& step, const RollConfig& config, int layer, std::int64_t frames) {
  const auto visual = static_cast<std::int64_t>(step.shift.size());
  const std::int64_t fold = part(visual, config.proportion / 2);
  const std::int64_t begin = 1 + fold * (layer % 8);
  const std::int64_t end = std::min(begin + fold, visual);
  for (std::int64_t i = begin; i < end; ++i) step.shift[static_cast<std::size_t>(i)] = 1;
  if (config.kind != RollKind::per_layer_reference || begin == 1) return;
  step.keep.assign(static_cast<std::size_t>(frames * visual), 1);
  for (std::int64_t t = 0; t < frames; ++t) {
    for (std::int64_t i = 1; i < std::min(begin, visual); ++i) step.keep[static_cast<std::size_t>(t * visual + i)] = 0;
  }
}

/// The released code means to shift channels but slices the token axis by a size taken from the channels: the first
/// C / 8 tokens take the next frame's, the next C / 8 the previous frame's, with zeros where there is none.
void shift_first_tokens(RollStep& step, double proportion, std::int64_t frames, std::int64_t channels) {
  const auto visual = static_cast<std::int64_t>(step.shift.size());
  const std::int64_t fold = part(channels, proportion / 2);
  step.keep.assign(static_cast<std::size_t>(frames * visual), 1);
  for (std::int64_t i = 0; i < std::min(2 * fold, visual); ++i) {
    const bool from_next = i < fold;
    step.shift[static_cast<std::size_t>(i)] = from_next ? -1 : 1;
    step.keep[static_cast<std::size_t>((from_next ? frames - 1 : 0) * visual + i)] = 0;
  }
}

/// x shifted by one frame along dimension 1, zeros where there is none.
Tensor shift_frames(const Tensor& x, int by) {
  const std::int64_t T = x.dim(1);
  Shape one = x.shape();
  one[1] = 1;
  const Tensor zeros = Tensor::zeros(one, x.options());
  return by > 0 ? concat({zeros, slice(x, 1, 0, T - 1)}, 1) : concat({slice(x, 1, 1, T), zeros}, 1);
}

/// TSM (Lin et al. 2019), as the released code's comment intends: of every patch, some channels come from the next
/// frame, as many from the previous. The class token stays.
Tensor shift_channels(const Tensor& x, std::int64_t visual, double proportion) {
  const std::int64_t N = x.dim(2), C = x.dim(3);
  const std::int64_t fold = part(C, proportion / 2);
  if (fold == 0 || visual <= 1) return x;
  const Tensor patches = slice(x, 2, 1, visual);
  const Tensor shifted = concat({shift_frames(slice(patches, 3, 0, fold), -1),
                                 shift_frames(slice(patches, 3, fold, 2 * fold), 1), slice(patches, 3, 2 * fold, C)},
                                3);
  std::vector<Tensor> parts = {slice(x, 2, 0, 1), shifted};
  if (visual < N) parts.push_back(slice(x, 2, visual, N));
  return concat(parts, 2);
}

}  // namespace

std::string_view to_string(RollKind kind) {
  for (const auto& entry : kNames) {
    if (entry.first == kind) return entry.second;
  }
  return "?";
}

RollKind parse_roll_kind(std::string_view name) {
  // "per-layer" and "per_layer" are the same.
  const auto hyphens = [](std::string_view text) {
    std::string copy(text);
    std::replace(copy.begin(), copy.end(), '_', '-');
    return copy;
  };
  std::string names;
  for (const auto& entry : kNames) {
    if (hyphens(entry.second) == hyphens(name)) return entry.first;
    names.append(names.empty() ? "" : ", ").append(entry.second);
  }
  fail(ErrorCode::config, "roll kind \"", name, "\" is unknown; there are ", names);
}

RollStep roll_step(const RollConfig& config, int layer, std::int64_t frames, std::int64_t visual,
                   std::int64_t channels) {
  RollStep step;
  step.shift.assign(static_cast<std::size_t>(visual), 0);
  switch (config.kind) {
    case RollKind::roll: roll_ends(step, config.proportion); break;
    case RollKind::random: roll_random(step, config, layer); break;
    case RollKind::per_layer:
    case RollKind::per_layer_reference: roll_window(step, config, layer, frames); break;
    case RollKind::channel_reference: shift_first_tokens(step, config.proportion, frames, channels); break;
    case RollKind::channel: fail(ErrorCode::value, "roll_step: a channel shift does not move whole tokens");
    case RollKind::none:
    case RollKind::time_average:
    case RollKind::flatten: break;
  }
  return step;
}

Tensor roll_tokens(Tensor x, std::int64_t visual, int layer, const RollConfig& config) {
  check(x.rank() == 4 && visual >= 0 && visual <= x.dim(2), ErrorCode::shape, "roll_tokens: x is ", describe(x),
        " with ", visual, " visual tokens, expected [B, T, N, C] and at most N");
  const std::int64_t T = x.dim(1), N = x.dim(2);
  const bool still = config.kind == RollKind::none || config.kind == RollKind::time_average ||
                     config.kind == RollKind::flatten || visual == 0;
  const bool zeroes = config.kind == RollKind::per_layer_reference || config.kind == RollKind::channel_reference;
  if (still || (T == 1 && !zeroes)) return x;
  if (config.kind == RollKind::channel) return shift_channels(x, visual, config.proportion);

  RollStep step = roll_step(config, layer, T, visual, x.dim(3));
  step.shift.resize(static_cast<std::size_t>(N), 0);  // what follows the visual tokens stays
  const Tensor shift = host_tensor([rows = step.shift, N] { return Tensor::from(rows, {N}); }).to(x.device());
  const Tensor rolled = temporal_roll(std::move(x), shift);
  if (step.keep.empty()) return rolled;
  std::vector<std::uint8_t> drop(static_cast<std::size_t>(T * N), 0);
  for (std::int64_t t = 0; t < T; ++t) {
    for (std::int64_t n = 0; n < visual; ++n) {
      drop[static_cast<std::size_t>(t * N + n)] = step.keep[static_cast<std::size_t>(t * visual + n)] == 0;
    }
  }
  return masked_fill(rolled, host_tensor([=] { return Tensor::from(drop, {T, N, 1}); }).to(rolled.device()), 0);
}

}  // namespace aio::models
