#pragma once
// Captions in the files of the COCO caption task.
//
//   references   {"annotations": [{"image_id": 1, "caption": "..."}, ...], ...}   several an image
//   predictions  [{"image_id": 1, "caption": "..."}, ...], or the same object      one an image
//
// An image_id may also be a string; 1 and "1" are the same.

#include <map>
#include <string>
#include <vector>

#include "data/metrics/caption_scores.h"

namespace aio::apps {

/// Either form: an image's captions in the order of the file. Throws Error{io|format}.
std::map<std::string, std::vector<std::string>> read_coco_captions(const std::string& path);

struct CocoPairs {
  std::vector<CaptionTexts> captions;  ///< of the images that have a prediction
  std::size_t without_prediction = 0;  ///< images with references that have none
};
/// Throws Error{format} if an image has two predictions, or one but no reference.
CocoPairs pair_coco_captions(const std::string& references, const std::string& predictions);

}  // namespace aio::apps
