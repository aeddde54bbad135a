#include "apps/report/report_tree.h"

#include <algorithm>
#include <filesystem>

#include "tensor/error.h"

namespace aio::report {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxDepth = 8;

/// Path of `folder` below the report's; the folder's own name where that is the report's.
std::string name_below(const fs::path& root, const fs::path& folder) {
  const fs::path relative = folder.lexically_relative(root);
  return relative == "." ? root.filename().string() : relative.generic_string();
}

class Walk {
 public:
  Walk(const fs::path& root, ReportTree& tree) : root_(root), tree_(tree) {}

  void folder(const fs::path& path, std::vector<TrainingRun>* runs, int depth) {
    const std::string name = name_below(root_, path);
    const bool run = fs::exists(path / "metrics.jsonl");
    if (run) runs->push_back(read_training_run(path, name));
    if (fs::exists(path / "results.json")) tree_.evaluations.push_back(read_evaluation(path / "results.json", name));
    std::vector<TrainingRun> own;
    const bool ablation = fs::exists(path / "ablation.json");
    if (depth < kMaxDepth) {
      for (const fs::path& below : folders_in(path)) {
        if (run && depth > 0 && below.filename() == kRunEvaluations) continue;
        folder(below, ablation ? &own : runs, depth + 1);
      }
    }
    if (ablation) tree_.ablations.push_back({read_ablation(path / "ablation.json", name), std::move(own)});
  }

 private:
  /// By name, so that a report does not depend on the order of a file system.
  static std::vector<fs::path> folders_in(const fs::path& path) {
    std::error_code error;
    std::vector<fs::path> folders;
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
      if (entry.is_directory() && !entry.is_symlink()) folders.push_back(entry.path());
    }
    check(!error, ErrorCode::io, path.string(), ": ", error.message());
    std::sort(folders.begin(), folders.end());
    return folders;
  }

  fs::path root_;
  ReportTree& tree_;
};

}  // namespace

ReportTree read_report_tree(const std::string& folder) {
  check(fs::is_directory(folder), ErrorCode::io, folder, ": is no folder");
  ReportTree tree;
  const fs::path root = fs::canonical(folder);
  tree.folder = root;
  Walk(root, tree).folder(root, &tree.runs, 0);
  return tree;
}

}  // namespace aio::report
