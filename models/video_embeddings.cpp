#include "models/video_embeddings.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <span>

#include "autograd/ops.h"

namespace aio::models {
namespace {

using Index = std::vector<std::int64_t>;

/// A 2-D sine-cosine pattern [1, prefix + grid^2, C]: half the channels for the row, half for the column, frequencies
/// from one to half a grid's worth of periods. Rows of prefix tokens are zero.
Tensor sincos_positions(const AioConfig& config) {
  const std::int64_t g = config.grid(), C = config.hidden_size, quarter = C / 4;
  std::vector<float> table(static_cast<std::size_t>(config.visual_tokens() * C), 0.0F);
  for (std::int64_t patch = 0; patch < g * g; ++patch) {
    float* const row = &table[static_cast<std::size_t>((config.prefix_tokens() + patch) * C)];
    const double place[2] = {static_cast<double>(patch / g) + 0.5, static_cast<double>(patch % g) + 0.5};
    for (int axis = 0; axis < 2; ++axis) {
      for (std::int64_t i = 0; i < quarter; ++i) {
        const double step = static_cast<double>(i) / static_cast<double>(std::max<std::int64_t>(1, quarter - 1));
        const double half = static_cast<double>(g) / 2;
        const double angle = place[axis] * 2 * std::numbers::pi / static_cast<double>(g) * (1 + step * (half - 1));
        row[2 * axis * quarter + i] = static_cast<float>(config.sincos_positions * std::sin(angle));
        row[(2 * axis + 1) * quarter + i] = static_cast<float>(config.sincos_positions * std::cos(angle));
      }
    }
  }
  return Tensor::from(table, {1, config.visual_tokens(), C});
}

/// Which patches of an image hold picture, and how many rows and columns of them (as its first column and row tell).
struct ValidPatches {
  std::vector<std::uint8_t> valid;  // [patches]
  std::int64_t rows = 0, columns = 0, count = 0;
};

/// An image whose patches are no rectangle from the top left has a pixel that is by chance like padding, or is all
/// zeros, as one that could not be read: then its patches are the rectangle around those found, or all. (The reference
/// stops.)
void make_rectangle(ValidPatches& image, std::int64_t gh, std::int64_t gw) {
  if (image.count > 0 && image.count == image.rows * image.columns) return;
  image.rows = image.columns = 0;
  for (std::int64_t n = 0; n < gh * gw; ++n) {
    if (image.valid[static_cast<std::size_t>(n)] == 0) continue;
    image.rows = std::max(image.rows, n / gw + 1);
    image.columns = std::max(image.columns, n % gw + 1);
  }
  if (image.rows == 0) image.rows = gh, image.columns = gw;
  image.count = image.rows * image.columns;
  for (std::int64_t n = 0; n < gh * gw; ++n) {
    image.valid[static_cast<std::size_t>(n)] = n / gw < image.rows && n % gw < image.columns;
  }
}

/// By the reference's rule: the channels of the patch's first pixel do not sum to exactly 0 (in the image's own type).
template <class T>
std::vector<ValidPatches> find_valid(const Tensor& first_pixels) {  // [images, 3, gh, gw]
  const std::int64_t images = first_pixels.dim(0), gh = first_pixels.dim(2), gw = first_pixels.dim(3), N = gh * gw;
  const std::vector<T> pixels = first_pixels.to_vector<T>();
  std::vector<ValidPatches> found(static_cast<std::size_t>(images));
  for (std::int64_t b = 0; b < images; ++b) {
    ValidPatches& image = found[static_cast<std::size_t>(b)];
    image.valid.resize(static_cast<std::size_t>(N));
    const std::span<const T> channel(&pixels[static_cast<std::size_t>(b * 3 * N)], static_cast<std::size_t>(3 * N));
    for (std::int64_t n = 0; n < N; ++n) {
      const auto at = static_cast<std::size_t>(n), size = static_cast<std::size_t>(N);
      const bool valid = channel[at] + channel[size + at] + channel[2 * size + at] != 0;
      image.valid[at] = valid;
      image.count += valid;
      image.rows += valid && n % gw == 0;
      image.columns += valid && n < gw;
    }
    make_rectangle(image, gh, gw);
  }
  return found;
}

std::vector<ValidPatches> find_valid_patches(const Tensor& images, std::int64_t patch) {
  const Tensor rows = slice(images, 2, 0, images.dim(2), patch);
  const Tensor first_pixels = slice(rows, 3, 0, images.dim(3), patch);
  return images.dtype() == DType::f64 ? find_valid<double>(first_pixels)
                                      : find_valid<float>(cast(first_pixels, DType::f32));
}

/// The grid part of a position table [g * g, C] at rows x columns of patches; itself at its own size.
Tensor resize_positions(const Tensor& table, std::int64_t g, std::int64_t rows, std::int64_t columns) {
  if (rows == g && columns == g) return table;
  const std::int64_t C = table.dim(1);
  const Tensor grid = permute(reshape(table, {g, g, C}), {2, 0, 1});  // [C, g, g]
  const Tensor resized = resize_bilinear(contiguous(grid), rows, columns, /*align_corners=*/true);
  return reshape(contiguous(permute(resized, {1, 2, 0})), {rows * columns, C});
}

/// [rows * columns, C] -> [gh * gw, C]: at the top left, zeros elsewhere.
Tensor pad_positions(const Tensor& table, std::int64_t rows, std::int64_t columns, std::int64_t gh, std::int64_t gw) {
  const std::int64_t C = table.dim(1);
  Tensor grid = reshape(table, {rows, columns, C});
  if (columns < gw) grid = concat({grid, Tensor::zeros({rows, gw - columns, C}, table.options())}, 1);
  if (rows < gh) grid = concat({grid, Tensor::zeros({gh - rows, gw, C}, table.options())}, 0);
  return reshape(grid, {gh * gw, C});
}

/// Valid patches first, in raster order, then as many others as the fullest image of the batch has more.
Tensor padded_order(const std::vector<ValidPatches>& images) {
  std::int64_t tokens = 0;
  for (const ValidPatches& image : images) tokens = std::max(tokens, image.count);
  Index order;
  for (const ValidPatches& image : images) {
    Index valid, other;
    for (std::size_t n = 0; n < image.valid.size(); ++n) {
      (image.valid[n] ? valid : other).push_back(static_cast<std::int64_t>(n));
    }
    order.insert(order.end(), valid.begin(), valid.end());
    for (std::int64_t k = 0; k < tokens - image.count; ++k) {
      order.push_back(other[static_cast<std::size_t>(k) % other.size()]);
    }
  }
  return Tensor::from(order, {static_cast<std::int64_t>(images.size()), tokens});
}

/// u8 [images, prefix + tokens]: prefix tokens and the first `count` others of each image.
Tensor token_mask(const std::vector<ValidPatches>& images, std::int64_t prefix, std::int64_t tokens) {
  std::vector<std::uint8_t> mask;
  for (const ValidPatches& image : images) {
    mask.insert(mask.end(), static_cast<std::size_t>(prefix + image.count), 1);
    mask.insert(mask.end(), static_cast<std::size_t>(tokens - image.count), 0);
  }
  return Tensor::from(mask, {static_cast<std::int64_t>(images.size()), prefix + tokens});
}

}  // namespace

VideoEmbeddings::VideoEmbeddings(const nn::ParamScope& scope, const AioConfig& config)
    : patch_embed(scope / "patch_embed", config.patch_size, config.hidden_size), config_(config) {
  const std::int64_t C = config.hidden_size;
  const nn::Init init = nn::Init::truncated_normal(config.init_std);
  cls_token = scope.param("cls_token", {1, 1, C}, init);
  if (config.distilled) dist_token = scope.param("dist_token", {1, 1, C}, init);
  pos_embed = scope.param("pos_embed", {1, config.visual_tokens(), C}, init);
  temporal_embed = scope.param(
      "temporal_embed", {1, config.frames, C},
      config.temporal_init_std > 0 ? nn::Init::truncated_normal(config.temporal_init_std) : nn::Init::zeros());
  if (config.sincos_positions > 0) {
    nn::load_into("pos_embed", {{"pos_embed", pos_embed}}, {{"pos_embed", sincos_positions(config)}});
  }
}

VideoTokens VideoEmbeddings::forward(const Tensor& frames, nn::ForwardCtx& ctx, const VideoOptions& options) const {
  const std::int64_t p = config_.patch_size;
  check(frames.rank() == 5 && frames.dim(2) == 3 && frames.dim(1) >= 1, ErrorCode::shape, "video: frames are ",
        describe(frames), ", expected [B, T, 3, H, W]");
  check(frames.dim(3) % p == 0 && frames.dim(4) % p == 0 && frames.dim(3) > 0 && frames.dim(4) > 0, ErrorCode::shape,
        "video: frames are ", frames.dim(3), " x ", frames.dim(4), " pixels, expected multiples of the patch size ", p);
  const std::int64_t B = frames.dim(0), T = frames.dim(1), C = config_.hidden_size;
  const std::int64_t gh = frames.dim(3) / p, gw = frames.dim(4) / p, N = gh * gw, prefix = config_.prefix_tokens();
  const bool average = config_.roll.kind == RollKind::time_average, flatten = config_.roll.kind == RollKind::flatten;
  const bool temporal = options.temporal_embedding && !config_.distilled && !average;
  check(!temporal || T <= config_.frames, ErrorCode::value, "video: ", T, " frames, but the model has ", config_.frames,
        " temporal positions (sample fewer frames, or load the model with --frames ", T, ")");

  const Tensor images = reshape(frames, {B * T, 3, frames.dim(3), frames.dim(4)});
  const Device device = pos_embed.device();                                         // pixels may come from the host
  Tensor x = cast(patch_embed.forward(images.to(device), ctx), pos_embed.dtype());  // [B T, N, C]
  if (options.masked_patches.defined()) {
    x = where(reshape(options.masked_patches, {B * T, N, 1}).to(device), options.mask_token, x);
  }
  x = reshape(x, {B, T, N, C});
  if (average) x = mean(x, {1}, /*keepdim=*/true);
  const std::int64_t S = x.dim(1);  // frames left

  // Positions: the table's grid at this size, plus the frame's row of the temporal table.
  std::vector<ValidPatches> padding;
  if (options.detect_padding) {
    padding = find_valid_patches(images, p);
    if (std::all_of(padding.begin(), padding.end(), [&](const ValidPatches& image) { return image.count == N; })) {
      padding.clear();
    }
    check(padding.empty() || (!average && !flatten), ErrorCode::config,
          "video: padded images cannot be averaged or flattened over time (use roll.kind = \"roll\" or \"none\")");
  }
  const Tensor grid = select(slice(pos_embed, 1, prefix, pos_embed.dim(1)), 0, 0);  // [patches, C]
  Tensor positions;                                                                 // [1 or B, 1 or S, N, C]
  if (padding.empty()) {
    positions = reshape(resize_positions(grid, config_.grid(), gh, gw), {1, 1, N, C});
  } else {
    std::vector<Tensor> tables;
    for (const ValidPatches& image : padding) {
      tables.push_back(pad_positions(resize_positions(grid, config_.grid(), image.rows, image.columns), image.rows,
                                     image.columns, gh, gw));
    }
    positions = reshape(stack(tables, 0), {B, S, N, C});
  }
  if (temporal) positions = positions + reshape(slice(temporal_embed, 1, 0, T), {1, T, 1, C});
  x = x + positions;

  // Order of the tokens.
  VideoTokens out;
  if (!padding.empty()) {
    out.patch_index = padded_order(padding);
    out.valid = token_mask(padding, prefix, out.patch_index.dim(1));
  } else if (options.patch_order.defined()) {
    out.patch_index = options.patch_order;
  } else if (config_.patch_order == PatchOrder::shuffled) {
    RngKey key = ctx.rng.next();
    key.seed ^= config_.shuffle_seed;
    out.patch_index = sort(uniform({B * S, N}, 0, 1, key)).indices;
  }
  if (out.patch_index.defined()) {
    check(out.patch_index.rank() == 2 && out.patch_index.dim(0) == B * S, ErrorCode::shape,
          "video: the patch order is ", describe(out.patch_index), ", expected i64 [", B * S, ", patches]");
    x = select_rows(reshape(x, {B * S, N, C}), out.patch_index);
    x = reshape(x, {B, S, out.patch_index.dim(1), C});
  }
  if (flatten) x = reshape(x, {B, 1, x.dim(1) * x.dim(2), C});

  // Prefix tokens have the table's first rows.
  const Tensor token = config_.distilled ? concat({cls_token, dist_token}, 1) : cls_token;
  const Tensor prefix_tokens = reshape(token + slice(pos_embed, 1, 0, prefix), {1, 1, prefix, C});
  out.tokens = concat({expand(prefix_tokens, {B, x.dim(1), prefix, C}), x}, 2);
  return out;
}

}  // namespace aio::models
