#pragma once
// Interim: lane-wise std:: functions until the vectorised ones land (same names).

#include <cmath>

#include "tensor/cpu/simd.h"

namespace aio::cpu {

template <class T>
inline Vec<T> exp(Vec<T> x) {
  T lanes[Vec<T>::kWidth];
  x.store(lanes);
  for (T& lane : lanes) lane = std::exp(lane);
  return Vec<T>::load(lanes);
}

}  // namespace aio::cpu
