#pragma once
// Which code multiplies matrices on the CPU. Chosen by rule, never by timing: a timed choice could differ between two
// runs and break bitwise reproducibility.

#include <string>
#include <string_view>

namespace aio {

/// native: vector units, tensor/cpu/gemm_native.cpp; amx: tile units, tensor/cpu/gemm_amx.cpp, for f32 and bf16
/// products that are not small, and native for the others; openblas, eigen: the libraries. The rule of "auto": amx
/// where the CPU has it; else native if it was compiled with AVX2 or AVX-512; else openblas if the core it reports uses
/// the widest vectors that the CPU has; else eigen.
enum class GemmProvider { native, amx, openblas, eigen };

std::string_view to_string(GemmProvider provider);
/// "auto", "native", "amx", "openblas" or "eigen"; throws Error{config} for others and for one that this build or CPU
/// lacks.
void set_gemm_provider(std::string_view name);
GemmProvider gemm_provider();
/// False for openblas in a build without it, and for amx in a build or on a CPU without it.
bool has_gemm_provider(GemmProvider provider);
/// Width of the vectors that a provider's kernels use (0 if it is not in this build), and of the CPU's widest.
int gemm_vector_bits(GemmProvider provider);
int cpu_vector_bits();
/// For logs: the provider, its vector width or core, and why it was chosen; says so if the CPU has wider vectors.
std::string gemm_description();
/// The same for any provider, in use or not.
std::string gemm_description(GemmProvider provider);

}  // namespace aio
