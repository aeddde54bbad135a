#include "tensor/gemm_provider.h"

#include "tensor/cpu/amx.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/micro_kernel.h"
#include "tensor/error.h"

namespace aio {

namespace {

constexpr GemmProvider kAll[] = {GemmProvider::native, GemmProvider::amx, GemmProvider::openblas, GemmProvider::eigen};

/// Width of the vectors that this build's own kernels use.
constexpr int kNativeBits = 32 * cpu::Vec<float>::kWidth;

GemmProvider automatic() {
  if (cpu::amx_available()) return GemmProvider::amx;
  if (kNativeBits >= 256) return GemmProvider::native;
  const bool widest = gemm_vector_bits(GemmProvider::openblas) >= cpu_vector_bits();
  return widest ? GemmProvider::openblas : GemmProvider::eigen;
}

struct Choice {
  GemmProvider provider;
  bool by_rule;
};

Choice& choice() {
  static Choice instance{automatic(), true};
  return instance;
}

std::string narrow(int bits) {
  return bits < cpu_vector_bits() ? message(", although this CPU has ", cpu_vector_bits(), "-bit vectors") : "";
}

}  // namespace

std::string_view to_string(GemmProvider provider) {
  switch (provider) {
    case GemmProvider::native: return "native";
    case GemmProvider::amx: return "amx";
    case GemmProvider::openblas: return "openblas";
    case GemmProvider::eigen: return "eigen";
  }
  return "";
}

bool has_gemm_provider(GemmProvider provider) { return gemm_vector_bits(provider) > 0; }

int gemm_vector_bits(GemmProvider provider) {
  if (provider == GemmProvider::amx && !cpu::amx_available()) return 0;
  return provider == GemmProvider::openblas ? cpu::openblas_info().vector_bits : kNativeBits;
}

int cpu_vector_bits() {
  if (__builtin_cpu_supports("avx512f")) return 512;
  return __builtin_cpu_supports("avx2") ? 256 : 128;
}

void set_gemm_provider(std::string_view name) {
  if (name == "auto") {
    choice() = {automatic(), true};
    return;
  }
  for (const GemmProvider provider : kAll) {
    if (name != to_string(provider)) continue;
    check(has_gemm_provider(provider), ErrorCode::config, "gemm: provider ", name,
          " is not in this build, or not for this CPU");
    choice() = {provider, false};
    return;
  }
  fail(ErrorCode::config, "gemm: provider \"", name, "\", expected auto, native, amx, openblas or eigen");
}

GemmProvider gemm_provider() { return choice().provider; }

std::string gemm_description(GemmProvider provider) {
  using Block = cpu::RegisterBlock<float>;
  switch (provider) {
    case GemmProvider::native:
      return message("native ", Block::kRows, "x", Block::kCols, " with ", kNativeBits, "-bit vectors",
                     narrow(kNativeBits));
    case GemmProvider::amx:
      return message("amx tiles for bf16, and for f32 by six bf16 products; ", gemm_description(GemmProvider::native));
    case GemmProvider::openblas: {
      const auto info = cpu::openblas_info();
      const bool is_narrow = info.vector_bits < cpu_vector_bits();
      return message("openblas core ", info.core, " with ", info.vector_bits, "-bit vectors", narrow(info.vector_bits),
                     is_narrow ? " (OPENBLAS_CORETYPE in the environment names another, such as SkylakeX)" : "");
    }
    case GemmProvider::eigen: return message("eigen, compiled for ", kNativeBits, "-bit vectors", narrow(kNativeBits));
  }
  return "";
}

std::string gemm_description() {
  return message(gemm_description(gemm_provider()), choice().by_rule ? ", by rule" : ", as set");
}

}  // namespace aio
