#pragma once
// Heat over pictures: how strongly something belongs to each patch.

#include <vector>

#include "tensor/tensor.h"

namespace aio::apps {

/// pictures u8 [T, S, S, 3] -> u8 [T, F S, F S, 3], F the least whole factor that makes a side at least 192 pixels
/// long; enlarged smoothly. Where the heat of a patch is above `threshold` of the largest there is, the patch is
/// covered by a colour from dark red over orange to yellow, the stronger the more; the others are dimmed. heat: [T *
/// grid * grid], not negative.
Tensor heat_overlay(const Tensor& pictures, const std::vector<double>& heat, double threshold);

/// The pictures as heat_overlay() enlarges them.
Tensor enlarged(const Tensor& pictures);

}  // namespace aio::apps
