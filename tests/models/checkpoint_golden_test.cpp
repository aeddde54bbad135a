// tests/golden/model/: checkpoints as PyTorch Lightning, DeiT and timm write them, with random weights, and their
// tensors in safetensors. Made by the reference's code on PyTorch; torch 2 reads all of them to the same bits.

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "models/checkpoint/checkpoint.h"
#include "tensor/safetensors.h"
#include "tests/models/golden.h"

namespace aio::weights {
namespace {

std::string packed(const FileTensor& tensor) {
  std::vector<char> scratch;
  return std::string(packed_bytes(tensor, scratch));
}

/// Every tensor of `expected` stands in the checkpoint under the same name with the same type, shape and bytes.
void check_same(const Checkpoint& checkpoint, const SafetensorsFile& expected) {
  for (const auto& entry : expected.entries()) {
    INFO(checkpoint.path, " ", entry.name);
    REQUIRE(checkpoint.contains(entry.name));
    const FileTensor& tensor = *checkpoint.find(entry.name);
    const FileTensor reference = expected.file_tensor(entry.name);
    CHECK(tensor.dtype == reference.dtype);
    CHECK(tensor.shape == reference.shape);
    CHECK(packed(tensor) == packed(reference));
  }
}

constexpr const char* kPositionIds = "text_embeddings.position_ids";

/// The parameters of a Lightning checkpoint are those of micro.weights; a few heads are absent.
template <class Compare>
void check_against_weights(const Checkpoint& checkpoint, Compare&& compare) {
  const SafetensorsFile expected(test::golden("micro.weights.safetensors"));
  CHECK(checkpoint.wrapper == "state_dict");
  CHECK(checkpoint.skipped.empty());
  REQUIRE(checkpoint.tensors.size() == 64);
  for (const FileTensor& tensor : checkpoint.tensors) {
    INFO(checkpoint.path, " ", tensor.name);
    if (tensor.name == kPositionIds) {
      CHECK(tensor.dtype == "I64");
      CHECK(tensor.shape == std::vector<std::uint64_t>{1, 12});
      const auto ids = checkpoint.tensor(kPositionIds).to_vector<std::int64_t>();
      for (std::size_t i = 0; i < ids.size(); ++i) CHECK(ids[i] == static_cast<std::int64_t>(i));
      continue;
    }
    REQUIRE(expected.contains(tensor.name));
    const Tensor reference = expected.tensor(tensor.name);
    const Tensor loaded = checkpoint.tensor(tensor.name);
    REQUIRE(loaded.shape() == reference.shape());
    compare(tensor, loaded, reference);
  }
}

TEST_CASE("checkpoint: f32 Lightning files load to the reference's bits, from each container") {
  for (const char* const name : {"micro_ckpt_zip.ckpt", "micro_ckpt_legacy.ckpt", "micro_ckpt_torch18_zip.ckpt"}) {
    check_against_weights(open_checkpoint(test::golden(name)),
                          [](const FileTensor& tensor, const Tensor& loaded, const Tensor& reference) {
                            CHECK(tensor.dtype == "F32");
                            const auto a = loaded.to_vector<float>();
                            const auto b = reference.to_vector<float>();
                            CHECK(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
                          });
  }
}

TEST_CASE("checkpoint: bf16 files hold the rounded weights") {
  for (const char* const name : {"micro_ckpt_bf16_zip.ckpt", "micro_ckpt_bf16_legacy.ckpt"}) {
    check_against_weights(open_checkpoint(test::golden(name)),
                          [](const FileTensor& tensor, const Tensor& loaded, const Tensor& reference) {
                            CHECK(tensor.dtype == "BF16");
                            const auto a = loaded.to_vector<bf16>();
                            const auto b = reference.to_vector<float>();
                            for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(a[i].bits == bf16(b[i]).bits);
                          });
  }
}

TEST_CASE("checkpoint: f16 files become the nearest f32") {
  for (const char* const name : {"micro_ckpt_fp16_zip.ckpt", "micro_ckpt_fp16_legacy.ckpt"}) {
    check_against_weights(open_checkpoint(test::golden(name)),
                          [](const FileTensor& tensor, const Tensor& loaded, const Tensor& reference) {
                            CHECK(tensor.dtype == "F16");
                            const auto a = loaded.to_vector<float>();
                            const auto b = reference.to_vector<float>();
                            for (std::size_t i = 0; i < a.size(); ++i) {
                              // 11 bits of significand; below 2^-14 they thin out to steps of 2^-24.
                              const int exponent = std::max(std::ilogb(b[i]), -14);
                              REQUIRE(std::abs(a[i] - b[i]) <= std::ldexp(0.5F, exponent - 10));
                            }
                          });
  }
}

TEST_CASE("checkpoint: hyper-parameters and facts of a Lightning file") {
  const Checkpoint checkpoint = open_checkpoint(test::golden("micro_ckpt_zip.ckpt"));
  CHECK(checkpoint.container == "torch zip");
  CHECK(checkpoint.metadata.at("epoch") == "4");
  CHECK(checkpoint.metadata.at("pytorch-lightning_version") == "1.1.4");
  CHECK(checkpoint.metadata.at("hparams_name") == "kwargs");
  CHECK(checkpoint.sections ==
        std::vector<std::string>{"callbacks", "optimizer_states", "lr_schedulers", "native_amp_scaling_state"});
  CHECK(checkpoint.hyper_parameters.starts_with(R"({"config":{"exp_name":"golden","seed":0,"loss_names":{"itm":1,)"));
  CHECK(checkpoint.hyper_parameters.find(R"("max_steps":"None")") != std::string::npos);
}

TEST_CASE("checkpoint: shared storages, strides, scalars, empty tensors, integers and unknown classes") {
  const SafetensorsFile expected(test::golden("micro_ckpt_odd_expected.safetensors"));
  for (const char* const name : {"micro_ckpt_odd_zip.ckpt", "micro_ckpt_odd_legacy.ckpt"}) {
    const Checkpoint checkpoint = open_checkpoint(test::golden(name));
    check_same(checkpoint, expected);
    CHECK_FALSE(checkpoint.find("extra.transposed")->is_contiguous());
    CHECK(checkpoint.tensor("extra.transposed").to_vector<float>() ==
          expected.tensor("extra.transposed").to_vector<float>());
    CHECK(checkpoint.tensor("extra.bool").dtype() == DType::u8);
    CHECK(checkpoint.tensor("extra.scalar").rank() == 0);
    // sacred's ReadOnlyDict and ReadOnlyList appear as what they hold.
    CHECK(checkpoint.hyper_parameters.find(R"("datasets":["webvid"])") != std::string::npos);
  }
}

TEST_CASE("checkpoint: DeiT and timm files") {
  const SafetensorsFile expected(test::golden("micro_deit_expected.safetensors"));
  const Checkpoint deit = open_checkpoint(test::golden("micro_deit_legacy.pth"));
  CHECK(deit.container == "torch legacy");
  CHECK(deit.wrapper == "model");
  check_same(deit, expected);
  const Checkpoint flat = open_checkpoint(test::golden("micro_vit_flat_zip.pth"));
  CHECK(flat.wrapper.empty());
  check_same(flat, expected);
  const Checkpoint distilled = open_checkpoint(test::golden("micro_deit_distilled_legacy.pth"));
  check_same(distilled, SafetensorsFile(test::golden("micro_deit_distilled_expected.safetensors")));
  CHECK(distilled.contains("dist_token"));
}

TEST_CASE("checkpoint: tensors outlive the checkpoint that they came from") {
  Tensor weight;
  {
    const Checkpoint checkpoint = open_checkpoint(test::golden("micro_ckpt_zip.ckpt"));
    weight = checkpoint.tensor("pooler.dense.weight");
  }
  const SafetensorsFile expected(test::golden("micro.weights.safetensors"));
  CHECK(weight.to_vector<float>() == expected.tensor("pooler.dense.weight").to_vector<float>());
}

}  // namespace
}  // namespace aio::weights
