#include "models/checkpoint/load.h"

#include <algorithm>
#include <set>

#include "models/checkpoint/adapt.h"
#include "models/checkpoint/text.h"
#include "tensor/error.h"
#include "tensor/raw.h"

namespace aio::weights {
namespace {

constexpr const char* kTemporal = "transformer.temporal_embed";
constexpr const char* kPositions = "transformer.pos_embed";
constexpr const char* kDistillation = "transformer.dist_token";
constexpr const char* kPatches = "transformer.patch_embed.proj.weight";
constexpr const char* kWords = "text_embeddings.word_embeddings.weight";
constexpr const char* kTextPositions = "text_embeddings.position_embeddings.weight";
constexpr const char* kTextPositionIds = "text_embeddings.position_ids";
constexpr const char* kTokenTypes = "token_type_embeddings.weight";
constexpr const char* kMatchWeight = "itm_score.fc.weight";
constexpr const char* kMatchBias = "itm_score.fc.bias";

bool starts_with_any(std::string_view name, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& prefix) { return name.starts_with(prefix); });
}

/// Number of blocks, from the names "transformer.blocks.N...".
template <class Names>
std::size_t count_blocks(const Names& names) {
  constexpr std::string_view kBlocks = "transformer.blocks.";
  std::set<std::string> blocks;
  for (const std::string& name : names) {
    if (name.starts_with(kBlocks)) blocks.insert(name.substr(0, name.find('.', kBlocks.size())));
  }
  return blocks.size();
}

class Loader {
 public:
  Loader(nn::ParamStore& store, const Checkpoint& checkpoint, const AdaptOptions& options)
      : store_(store), checkpoint_(checkpoint), options_(options), names_(map_names(checkpoint, options.renames)) {}

  LoadSummary run() {
    check_size();
    summary_.source = checkpoint_.path + " (" + checkpoint_.container + ")";
    summary_.notes = names_.notes;
    for (const nn::Parameter& parameter : store_.parameters()) plan(parameter);
    for (const auto& [name, tensor] : names_.tensors) plan_unused(name, *tensor);
    for (const auto& [name, why] : names_.dropped) summary_.items.push_back({name, LoadResult::unused, why});
    report_problems();
    const nn::LoadReport report = store_.load(values_, false);
    check(report.loaded.size() == values_.size(), ErrorCode::state, checkpoint_.path, ": ", report);
    store_.draw_missing();
    return std::move(summary_);
  }

 private:
  const FileTensor* in_file(std::string_view name) const {
    const auto found = names_.tensors.find(std::string(name));
    return found == names_.tensors.end() ? nullptr : found->second;
  }

  Tensor read(const FileTensor& tensor) const { return to_tensor(tensor, checkpoint_.path); }

  template <class... Parts>
  void problem(const std::string& name, const Parts&... parts) {
    problems_.push_back(message(printable(name), ": ", parts...));
  }

  void take(const std::string& name, LoadResult result, Tensor value, std::string note = {}) {
    values_.emplace(name, std::move(value));
    summary_.items.push_back({name, result, std::move(note)});
  }

  /// A model of another width, depth or kind would give a hundred lines of wrong shapes: say it in one.
  void check_size() const {
    const FileTensor* const norm = in_file("transformer.norm.weight");
    if (norm == nullptr || !store_.contains("transformer.norm.weight")) return;
    std::vector<std::string> in_store, in_names;
    for (const nn::Parameter& parameter : store_.parameters()) in_store.push_back(parameter.name);
    for (const auto& item : names_.tensors) in_names.push_back(item.first);
    const std::size_t layers = count_blocks(in_names);
    const std::size_t model_layers = count_blocks(in_store);
    const std::uint64_t width = norm->numel();
    const auto model_width = static_cast<std::uint64_t>(store_.get("transformer.norm.weight").value.numel());
    check(width == model_width && layers == model_layers, ErrorCode::format, checkpoint_.path,
          ": does not fit the model: the checkpoint is ", width, " wide with ", layers, " layers, the model is ",
          model_width, " wide with ", model_layers, " layers: choose the model's size to match (--size, model.size)");
    const bool distilled = in_file(kDistillation) != nullptr;
    check(distilled == store_.contains(kDistillation), ErrorCode::format, checkpoint_.path,
          ": does not fit the model: ",
          distilled ? "the checkpoint has a distillation token, the model has none"
                    : "the model has a distillation token, the checkpoint has none",
          ": set model.distilled = ", distilled);
  }

  void plan(const nn::Parameter& parameter) {
    const std::string& name = parameter.name;
    const FileTensor* const tensor = starts_with_any(name, options_.fresh) ? nullptr : in_file(name);
    if (tensor == nullptr) return plan_missing(parameter);
    const Tensor value = tensor->shape.size() <= static_cast<std::size_t>(kMaxRank) ? read(*tensor) : Tensor();
    if (!value.defined() || !is_float(value.dtype())) {
      return problem(name, "has ", tensor->shape.size(), " dimensions of ", tensor->dtype, ", expected ",
                     describe(parameter.value));
    }
    if (value.shape() == parameter.value.shape()) return take(name, LoadResult::loaded, value);
    if (value.rank() == parameter.value.rank() && adapt(parameter, value)) return;
    problem(name, "the checkpoint has ", describe(value), ", the model ", describe(parameter.value),
            is_backbone(name)
                ? ""
                : message(": set model.fresh = [\"", name.substr(0, name.find('.')), "\"] to train it anew"));
  }

  void plan_missing(const nn::Parameter& parameter) {
    const std::string& name = parameter.name;
    if ((name.starts_with("rank_output.") || name.starts_with("rank_output_2.")) && in_file(name) == nullptr &&
        !starts_with_any(name, options_.fresh) && take_rank_output(parameter)) {
      return;
    }
    const bool asked = starts_with_any(name, options_.fresh);
    if (is_backbone(name) && !asked && !options_.allow_missing) {
      missing_.push_back(name);
      return;
    }
    leave_fresh(name, asked ? "as asked for" : "not in the checkpoint");
  }

  void leave_fresh(const std::string& name, std::string note) {
    if (starts_with_any(name, options_.required)) {
      return problem(name, "would stay random (", note, "), but the task needs it trained: load a checkpoint that has ",
                     name.substr(0, name.find('.')), " (fine-tune first)");
    }
    summary_.items.push_back({name, LoadResult::fresh, std::move(note)});
  }

  bool frames_differ() const {
    const FileTensor* const table = in_file(kTemporal);
    return table != nullptr && store_.contains(kTemporal) &&
           table->numel() != static_cast<std::uint64_t>(store_.get(kTemporal).value.numel());
  }

  /// The reference makes rank_output, and VCR's second, from the class "match" of the matching head.
  bool take_rank_output(const nn::Parameter& parameter) {
    const bool weight = parameter.name.ends_with(".weight");
    const FileTensor* const source = in_file(weight ? kMatchWeight : kMatchBias);
    if (source == nullptr || source->shape.empty() || source->shape[0] != 2) return false;
    const Tensor row = raw::slice(read(*source), 0, 1, 2);
    if (row.shape() != parameter.value.shape() || !is_float(row.dtype())) return false;
    take(parameter.name, LoadResult::adapted, row, "row 1 of itm_score.fc");
    return true;
  }

  /// A shape that differs in one known way. True if that is settled: adapted, or a problem that names the flag.
  bool adapt(const nn::Parameter& parameter, const Tensor& value) {
    const std::string& name = parameter.name;
    const Tensor& target = parameter.value;
    const auto same_but = [&](int dim) {
      for (int i = 0; i < target.rank(); ++i) {
        if (i != dim && value.dim(i) != target.dim(i)) return false;
      }
      return true;
    };
    if (name == kTemporal && value.rank() == 3 && same_but(1)) return adapt_temporal(value, target);
    if (name == kPositions && value.rank() == 3 && same_but(1)) return adapt_positions(value, target);
    if (name == kTextPositions && value.rank() == 2 && same_but(0)) return adapt_text(value, target);
    if (name == kTokenTypes && value.rank() == 2 && same_but(0) && value.dim(0) == 2 && target.dim(0) == 3) {
      take(name, LoadResult::adapted, repeat_last_row(value, 3), "row 2 is a copy of row 1");
      return true;
    }
    if (name == kWords && value.rank() == 2 && same_but(0)) {
      problem(name, "the checkpoint has ", value.dim(0), " words, the model ", target.dim(0),
              ": use the checkpoint's vocabulary (vocab_size = ", value.dim(0), ")");
      return true;
    }
    if (name == kPatches && value.rank() == 4 && value.dim(0) == target.dim(0)) {
      problem(name, "the checkpoint has patches of ", value.dim(3), " pixels, the model of ", target.dim(3),
              ": set patch_size = ", value.dim(3));
      return true;
    }
    if (name.starts_with("vcop_classifier.") && options_.resize_temporal && frames_differ()) {
      leave_fresh(name, "its size depends on the number of frames");
      return true;
    }
    return false;
  }

  bool adapt_temporal(const Tensor& value, const Tensor& target) {
    const std::int64_t frames = value.dim(1);
    if (options_.resize_temporal) {
      const bool cut = frames > target.dim(1);
      take(kTemporal, LoadResult::adapted, resize_temporal_table(value, target.dim(1)),
           message(cut ? "cut from " : "extended with zeros from ", frames, " to ", target.dim(1), " frames"));
    } else {
      problem(kTemporal, "checkpoint has ", frames, " frames, model has ", target.dim(1),
              ": set model.frames = ", frames, " or model.resize_temporal = true");
    }
    return true;
  }

  bool adapt_positions(const Tensor& value, const Tensor& target) {
    const std::int64_t prefix = store_.contains(kDistillation) ? 2 : 1;
    const std::int64_t side = square_side(value.dim(1) - prefix);
    const std::int64_t grid = square_side(target.dim(1) - prefix);
    if (side < 0 || grid < 0) return false;
    if (options_.resize_positions) {
      take(kPositions, LoadResult::adapted, resize_position_table(value, prefix, grid),
           message("interpolated from ", side, " x ", side, " to ", grid, " x ", grid, " patches"));
    } else {
      problem(kPositions, "checkpoint has positions for ", side, " x ", side, " patches, model for ", grid, " x ", grid,
              ": choose model.image_size to match or set model.resize_positions = true");
    }
    return true;
  }

  bool adapt_text(const Tensor& value, const Tensor& target) {
    const std::int64_t length = value.dim(0);
    if (options_.resize_text) {
      store_.draw_missing(kTextPositions);  // rows that the file lacks keep them
      const bool cut = length > target.dim(0);
      take(kTextPositions, LoadResult::adapted, resize_text_table(value, target.to(Device{})),
           message(cut ? "cut from " : "extended with fresh rows from ", length, " to ", target.dim(0), " positions"));
    } else {
      problem(kTextPositions, "checkpoint has ", length, " text positions, model has ", target.dim(0),
              ": set model.max_text_len = ", length, " or model.resize_text = true");
    }
    return true;
  }

  void plan_unused(const std::string& name, const FileTensor& tensor) {
    if (store_.contains(name)) return;
    const bool constant = name == kTextPositionIds;
    if (is_backbone(name) && !constant && !options_.allow_unused) {
      homeless_.push_back(printable(name));
      return;
    }
    std::string note = constant ? "a constant, 0 to n - 1" : "not in the model";
    if (tensor.name != name) note += message(" (as ", printable(name), ")");
    summary_.items.push_back({tensor.name, LoadResult::unused, std::move(note)});
  }

  void report_problems() {
    if (!missing_.empty()) {
      problems_.push_back(message("the checkpoint lacks ", listed(missing_, ", ", 4),
                                  ": set model.allow_missing = true to leave them as they were initialised"));
    }
    if (!homeless_.empty()) {
      problems_.push_back(message("the model has no place for ", listed(homeless_, ", ", 4),
                                  ": set model.allow_unused = true to leave them out"));
    }
    if (problems_.empty()) return;
    const std::string text = "\n  " + listed(problems_, "\n  ", 20);
    fail(ErrorCode::format, checkpoint_.path, ": does not fit the model, nothing was loaded:", text);
  }

  nn::ParamStore& store_;
  const Checkpoint& checkpoint_;
  const AdaptOptions& options_;
  NamedFileTensors names_;
  LoadSummary summary_;
  std::map<std::string, Tensor> values_;
  std::vector<std::string> problems_;
  std::vector<std::string> missing_;   ///< parameters of the backbone that the file lacks
  std::vector<std::string> homeless_;  ///< the file's tensors of a backbone that the model lacks
};

}  // namespace

LoadSummary load_checkpoint(nn::ParamStore& store, const Checkpoint& checkpoint, const AdaptOptions& options) {
  return Loader(store, checkpoint, options).run();
}

}  // namespace aio::weights
