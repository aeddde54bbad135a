#pragma once
// Which code multiplies matrices on the CPU. Chosen by rule, never by timing: a timed choice could differ between two
// runs and break bitwise reproducibility.

#include <string>
#include <string_view>

namespace aio {

/// native: tensor/cpu/gemm_native.cpp; openblas, eigen: the libraries.
enum class GemmProvider { native, openblas, eigen };

std::string_view to_string(GemmProvider provider);
/// "auto", "native", "openblas" or "eigen"; throws Error{config} for others and for one this build lacks.
void set_gemm_provider(std::string_view name);
GemmProvider gemm_provider();
/// For logs: the provider, its vector width or core name, and why it was chosen.
std::string gemm_description();

}  // namespace aio
