#include "data/synthetic/preview.h"

#include <cstring>

#include "data/contact_sheet.h"
#include "data/synthetic/grammar.h"
#include "data/synthetic/renderer.h"
#include "tensor/error.h"

namespace aio::synthetic {
namespace {

constexpr int kFirstShown = 3, kStep = kFrames / kPictures;  // frames 3, 7, 11, ...: a state, half way, a state, ...

ContactRow row_of(const Scene& scene, const RngKey& key, int size) {
  Dice dice(wording_key(key, Wording::captions));
  ContactRow row{captions(scene, dice).front(), {}, {}};
  const Tensor clip = render_clip(scene, size);
  row.frames = Tensor::empty({kPictures, size, size, 3}, {DType::u8, {}});
  const std::int64_t bytes = clip.numel() / kFrames;
  for (int i = 0; i < kPictures; ++i) {
    const int frame = kFirstShown + i * kStep;
    std::memcpy(row.frames.data<std::uint8_t>() + i * bytes, clip.data<std::uint8_t>() + frame * bytes,
                static_cast<std::size_t>(bytes));
    row.labels.push_back(message("frame ", frame));
  }
  return row;
}

}  // namespace

Tensor preview(const DatasetOptions& options) {
  DatasetOptions few = options;
  few.train = kMotions;
  const Clips clips = draw_clips(few, Part::train);
  std::vector<ContactRow> rows;
  for (std::size_t i = 0; i < clips.scenes.size(); ++i)
    rows.push_back(row_of(clips.scenes[i], clips.keys[i], options.size));
  return contact_sheet(rows);
}

}  // namespace aio::synthetic
