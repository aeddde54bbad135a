#include "apps/model/golden_set.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "apps/common/app.h"
#include "apps/model/weights_config.h"
#include "autograd/ops.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

using nlohmann::ordered_json;

[[noreturn]] void bad_set(const std::string& path, const std::string& what) {
  throw Exit(kWeights, path + ": " + what);
}

ordered_json parse_manifest(const std::string& path) {
  std::ifstream file(path);
  if (!file) bad_set(path, "cannot be opened");
  const ordered_json json = ordered_json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) bad_set(path, "is not a JSON object, expected a golden manifest");
  for (const char* field : {"weights_file", "io_file", "config", "keys"}) {
    if (!json.contains(field)) bad_set(path, std::string("lacks \"") + field + "\", expected a golden manifest");
  }
  return json;
}

/// Sizes come from the weights; the manifest adds what weights do not tell.
models::AioConfig read_config(const ordered_json& manifest, const std::map<std::string, Tensor>& weights) {
  const ordered_json& given = manifest.at("config");
  models::AioConfig known;
  known.name = manifest.value("name", "golden");
  known.heads = given.at("num_heads").get<int>();
  known.image_size = given.at("image_size").get<std::int64_t>();
  const bool deit = given.value("vit", std::string()).find("deit") != std::string::npos;  // the reference's rule
  known.wpa_masks_second_visual_token = manifest.value("wpa_masks_second_visual_token", deit);
  WeightShapes shapes;
  for (const auto& [name, tensor] : weights) shapes[name] = {tensor.shape().begin(), tensor.shape().end()};
  return config_of_weights(shapes, known);
}

const char* numpy_name(DType dtype) {
  switch (dtype) {
    case DType::f32: return "float32";
    case DType::f64: return "float64";
    case DType::i64: return "int64";
    case DType::bf16: return "bfloat16";
    case DType::u8: return "uint8";
  }
  return "?";
}

/// The keys of the manifest, each in the io file as described, then those that only the file has.
std::vector<std::string> checked_keys(const std::string& path, const ordered_json& keys,
                                      const std::map<std::string, Tensor>& tensors) {
  std::vector<std::string> names;
  for (const auto& [key, description] : keys.items()) {
    const auto found = tensors.find(key);
    if (found == tensors.end()) bad_set(path, "describes " + key + ", which the io file lacks");
    const Tensor& tensor = found->second;
    Shape shape;
    for (const auto& dim : description.at("shape")) shape.push_back(dim.get<std::int64_t>());
    if (shape != tensor.shape() || description.at("dtype").get<std::string>() != numpy_name(tensor.dtype())) {
      bad_set(path, message("describes ", key, " as ", description.at("dtype").get<std::string>(), shape,
                            ", but the io file has ", describe(tensor)));
    }
    names.push_back(key);
  }
  for (const auto& [key, tensor] : tensors) {
    if (!keys.contains(key)) names.push_back(key);
  }
  return names;
}

NamedNumbers numbers(const ordered_json& object) {
  NamedNumbers result;
  for (const auto& [name, value] : object.items()) result.emplace_back(name, value.get<double>());
  return result;
}

NamedNorms norms(const ordered_json& object) {
  NamedNorms result;
  for (const auto& [name, value] : object.items()) {
    result.emplace_back(name, value.is_null() ? std::optional<double>() : value.get<double>());
  }
  return result;
}

GoldenSet load(const std::string& path) {
  const ordered_json manifest = parse_manifest(path);
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  GoldenSet set;
  set.path = path;
  set.name = manifest.value("name", path);
  for (const auto& [name, tensor] :
       load_safetensors((folder / manifest.at("weights_file").get<std::string>()).string())) {
    set.weights[our_name(name)] = tensor;
  }
  set.weights.erase("text_embeddings.position_ids");  // 0, 1, 2, ...: no parameter
  set.tensors = load_safetensors((folder / manifest.at("io_file").get<std::string>()).string());
  set.config = read_config(manifest, set.weights);
  if (set.config.head.mpp && set.has("in.mask_token")) {  // which the released code never made
    set.weights["mask_token"] = reshape(set.tensors.at("in.mask_token"), {set.config.hidden_size});
  }
  set.keys = checked_keys(path, manifest.at("keys"), set.tensors);
  set.scalars = numbers(manifest.value("scalars", ordered_json::object()));
  for (const auto& name : manifest.value("grad_none", ordered_json::array())) {
    set.grad_none.push_back(our_name(name.get<std::string>()));
  }
  const ordered_json by_loss = manifest.value("grad_norms_by_loss", ordered_json::object());
  for (const auto& [loss, by_name] : by_loss.items()) set.grad_norms.emplace_back(loss, norms(by_name));
  if (manifest.contains("grad_norms_total")) {
    set.grad_norms.emplace_back("total_loss", norms(manifest.at("grad_norms_total")));
  }
  set.images = manifest.value("mode", std::string("video")) == "image";
  set.rank_options = manifest.at("config").value("draw_false_text", 0);
  return set;
}

}  // namespace

std::string our_name(const std::string& name) {
  return name.starts_with("vtm_score.") ? "itm_score." + name.substr(10) : name;
}

std::vector<GoldenPart> parts_of(const GoldenSet& set) {
  std::vector<GoldenPart> parts;
  if (set.has("in.frames")) parts.push_back({"", set.images, false});
  if (set.has("v.in.frames")) parts.push_back({"v.", false, false});
  if (set.has("i.in.frames")) parts.push_back({"i.", true, false});
  return parts;
}

GoldenSet load_golden_set(const std::string& manifest_path) {
  try {
    return load(manifest_path);
  } catch (const nlohmann::json::exception& error) {
    bad_set(manifest_path, std::string("is not a golden manifest: ") + error.what());
  } catch (const Error& error) {
    bad_set(manifest_path, error.what());
  }
}

}  // namespace aio::apps
