#pragma once
// What one kernel moves and computes.

#include <string>

namespace aio::roofline {

/// What a kernel is limited by besides memory.
enum class Unit {
  memory,              ///< nothing: a few operations a number
  product,             ///< a library's matrix product
  own_product,         ///< one of cuda/gemm_hopper.cu
  attention_forward,   ///< tensor cores, with exponentials between the products
  attention_backward,  ///< the same
};

struct Kernel {
  std::string name;   ///< as cuda/ launches it; "product" is cuBLASLt's
  std::string shape;  ///< of what it writes; of a product M x N x K
  Unit unit = Unit::memory;
  double read = 0, written = 0;  ///< bytes, every operand once: what is read again comes from a cache
  double flops = 0;              ///< of products, as the formula has them; nothing else is counted
  double executed = 0;           ///< of products, as the kernel does them: padded tiles, scores made twice
  double finishing = 0;          ///< of our own products: instructions of threads between the sums and C
  double rounds = 1;             ///< of our own products: tiles that a multiprocessor makes one after another

  double bytes() const { return read + written; }
};

}  // namespace aio::roofline
