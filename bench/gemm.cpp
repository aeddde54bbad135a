// aio_bench gemm: native, AMX, OpenBLAS and Eigen at the products of a training step, as shares of the FMA peak
// measured in the same turns; the same products in bf16 by whatever the rule chooses.
//
// Forms: forward Y = X W^T, dgrad dX = dY W, wgrad dW += dY^T X. A library competes in two ways and its better one
// counts: through our provider (a fixed grid of tiles, whose bits do not depend on the threads) and as one call a
// thread on equal parts of C.

#include <algorithm>
#include <random>
#include <vector>

#include "bench/bench.h"
#include "tensor/backend.h"
#include "tensor/cpu/gemm.h"
#include "tensor/error.h"
#include "tensor/gemm_provider.h"
#include "tensor/parallel.h"
#include "tensor/tensor.h"

namespace aio::bench {

namespace {

using std::int64_t;

enum class Form { forward, dgrad, wgrad };
constexpr const char* kFormNames[] = {"forward", "dgrad", "wgrad"};

/// A linear layer: x [rows, in], weight [out, in].
struct Layer {
  const char* name;
  int64_t rows, in, out;
};

/// Ti, S and B at 211 tokens, 24 and 12 clips; the vocabulary on the masked tokens.
constexpr Layer kLayers[] = {
    {"Ti.qkv", 5064, 192, 576},   {"Ti.proj", 5064, 192, 192}, {"Ti.fc1", 5064, 192, 768}, {"Ti.fc2", 5064, 768, 192},
    {"S.qkv", 2532, 384, 1152},   {"S.proj", 2532, 384, 384},  {"S.fc1", 2532, 384, 1536}, {"S.fc2", 2532, 1536, 384},
    {"B.qkv", 2532, 768, 2304},   {"B.proj", 2532, 768, 768},  {"B.fc1", 2532, 768, 3072}, {"B.fc2", 2532, 3072, 768},
    {"B.vocab", 112, 768, 30522},
};

struct Operands {
  Tensor a, b, c;
  View va, vb, vc;
  double beta;
};

Tensor random(const Shape& shape) {
  const Tensor t = Tensor::empty(shape);
  std::minstd_rand generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::generate_n(t.data<float>(), t.numel(), [&] { return uniform(generator); });
  return t;
}

Tensor to_bf16(const Tensor& x) {
  const Tensor y = Tensor::empty(x.shape(), {DType::bf16});
  backend_for(x).cast(y.view(), x.view());
  return y;
}

View transposed(View v) {
  std::swap(v.dim[0], v.dim[1]);
  std::swap(v.stride[0], v.stride[1]);
  return v;
}

Operands operands_of(const Layer& layer, Form form, DType dtype = DType::f32) {
  const Shape x{layer.rows, layer.in}, w{layer.out, layer.in}, y{layer.rows, layer.out};
  Operands o;
  switch (form) {
    case Form::forward: o = {random(x), random(w), random(y), {}, {}, {}, 0}; break;
    case Form::dgrad: o = {random(y), random(w), random(x), {}, {}, {}, 0}; break;
    case Form::wgrad: o = {random(y), random(x), random(w), {}, {}, {}, 1}; break;
  }
  if (dtype == DType::bf16) {
    o.a = to_bf16(o.a);
    o.b = to_bf16(o.b);
    if (form != Form::wgrad) o.c = to_bf16(o.c);  // weight gradients are f32
  }
  o.va = form == Form::wgrad ? transposed(o.a.view()) : o.a.view();
  o.vb = form == Form::forward ? transposed(o.b.view()) : o.b.view();
  o.vc = o.c.view();
  return o;
}

cpu::Matrix<const float> matrix(const View& v, int64_t row, int64_t rows, int64_t col, int64_t cols) {
  return {v.as<const float>() + row * v.stride[0] + col * v.stride[1], rows, cols, v.stride[0], v.stride[1]};
}

/// One call a thread on equal parts of C's longer side.
void run_direct(cpu::Library library, const Operands& o) {
  const int64_t M = o.vc.dim[0], N = o.vc.dim[1], K = o.va.dim[1], parts = num_threads();
  parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t part = begin; part < end; ++part) {
      const bool by_rows = M >= N;
      const int64_t row = by_rows ? M * part / parts : 0, rows = by_rows ? M * (part + 1) / parts - row : M;
      const int64_t col = by_rows ? 0 : N * part / parts, cols = by_rows ? N : N * (part + 1) / parts - col;
      float* c = o.vc.as<float>() + row * o.vc.stride[0] + col;
      const cpu::Product<float, float> product{matrix(o.va, row, rows, 0, K),      matrix(o.vb, 0, K, col, cols),
                                               {c, rows, cols, o.vc.stride[0], 1}, 1,
                                               static_cast<float>(o.beta),         {}};
      library == cpu::Library::openblas ? cpu::openblas_product(product) : cpu::eigen_product(product);
    }
  });
}

void run_provider(GemmProvider provider, const Operands& o) {
  if (gemm_provider() != provider) set_gemm_provider(to_string(provider));
  GemmEpilogue epilogue;
  epilogue.beta = o.beta;
  backend_for(Device{}).gemm(o.vc, o.va, o.vb, epilogue);
}

void run_case(const Layer& layer, Form form, const Options& options, Report& report) {
  const int64_t M = form == Form::wgrad ? layer.out : layer.rows;
  const int64_t N = form == Form::forward ? layer.out : layer.in;
  const int64_t K = form == Form::forward ? layer.in : form == Form::dgrad ? layer.out : layer.rows;
  const std::string name = message(layer.name, " ", kFormNames[static_cast<int>(form)], " ", M, "x", N, "x", K);
  if (!options.selects(name)) return;

  const Operands o = operands_of(layer, form), narrow = operands_of(layer, form, DType::bf16);
  const GemmProvider fastest = has_gemm_provider(GemmProvider::amx) ? GemmProvider::amx : GemmProvider::native;
  const bool has_openblas = has_gemm_provider(GemmProvider::openblas);
  std::vector<std::function<void()>> contenders{
      [] { fma_peak_call(); },
      [&] { run_provider(GemmProvider::native, o); },
      [&] { run_provider(GemmProvider::eigen, o); },
      [&] { run_direct(cpu::Library::eigen, o); },
      [&] { run_provider(fastest, o); },
      [&] { run_provider(fastest, narrow); },
  };
  if (has_openblas) {
    contenders.push_back([&] { run_provider(GemmProvider::openblas, o); });
    contenders.push_back([&] { run_direct(cpu::Library::openblas, o); });
  }
  const std::vector<Time> times = time_in_turns(contenders, options);

  const double flops = 2.0 * static_cast<double>(M) * static_cast<double>(N) * static_cast<double>(K);
  const double peak = fma_peak_flops() / times[0].best * 1e-9, native = flops / times[1].best * 1e-9;
  const double eigen = flops / std::min(times[2].best, times[3].best) * 1e-9;
  const double amx = flops / times[4].best * 1e-9, bf16 = flops / times[5].best * 1e-9;
  Report::Fields fields{{"case", name}, {"native_gflops", native}};
  if (has_openblas) {
    const double openblas = flops / std::min(times[6].best, times[7].best) * 1e-9;
    fields.insert(fields.end(), {{"openblas_gflops", openblas},
                                 {"native_vs_openblas", native / openblas},
                                 {"by_medians", std::min(times[6].median, times[7].median) / times[1].median}});
  }
  fields.insert(fields.end(), {{"eigen_gflops", eigen},
                               {"native_vs_eigen", native / eigen},
                               {"peak_gflops", peak},
                               {"native_vs_peak", native / peak},
                               {"amx_f32_gflops", amx},
                               {"bf16_gflops", bf16},
                               {"amx_vs_native", amx / native}});
  report.row(std::move(fields));
}

}  // namespace

void run_gemm(const Options& options, Report& report) {
  for (const GemmProvider provider :
       {GemmProvider::native, GemmProvider::amx, GemmProvider::openblas, GemmProvider::eigen}) {
    report.fact(std::string(to_string(provider)),
                has_gemm_provider(provider) ? gemm_description(provider) : std::string("not in this build"));
  }
  for (const Layer& layer : kLayers) {
    for (const Form form : {Form::forward, Form::dgrad, Form::wgrad}) run_case(layer, form, options, report);
  }
  set_gemm_provider("auto");
}

}  // namespace aio::bench
