#include "apps/trainer/run_checkpoint.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "apps/common/xxh64.h"
#include "tensor/atomic_file.h"
#include "tensor/error.h"
#include "tensor/safetensors.h"

namespace aio::apps {
namespace {

namespace fs = std::filesystem;
constexpr const char* kWeightsFile = "weights.safetensors";
constexpr const char* kTrainingFile = "training.safetensors";
constexpr const char* kStateFile = "state.json";
constexpr const char* kTemporary = ".partial-";  // prefix of folders that are not complete
constexpr int kVersion = 1;

/// A folder's entries survive a power loss only once the folder itself is flushed.
void flush_folder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool ok = folder >= 0 && fsync(folder) == 0;
  const int error = errno;
  if (folder >= 0) close(folder);
  check(ok, ErrorCode::io, path, ": ", std::strerror(error));
}

nlohmann::ordered_json describe_file(const std::string& path) {
  return {{"bytes", fs::file_size(path)}, {"xxh64", message(xxh64_file(path))}};
}

/// The step of "step-000100", or -1.
std::int64_t step_of(const std::string& name) {
  if (name.rfind("step-", 0) != 0) return -1;
  std::int64_t step = -1;
  const char* const end = name.data() + name.size();
  return std::from_chars(name.data() + 5, end, step).ptr == end ? step : -1;
}

nlohmann::json read_state(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  check(file.good(), ErrorCode::io, path, ": cannot be read");
  const nlohmann::json state = nlohmann::json::parse(text.str(), nullptr, /*allow_exceptions=*/false);
  check(state.is_object() && state.contains("version") && state.contains("step") && state["step"].is_number_integer() &&
            state.contains("files") && state["files"].is_object() && state.contains("trainer"),
        ErrorCode::format, path, ": is not the state of a run");
  check(state["version"] == kVersion, ErrorCode::format, path, ": version ", state["version"].dump(),
        ", this program knows ", kVersion);
  return state;
}

void check_file(const std::string& folder, const char* name, const nlohmann::json& state) {
  const std::string path = message(folder, "/", name);
  const auto files = state["files"];
  check(files.contains(name) && files[name].is_object(), ErrorCode::format, folder, "/", kStateFile, ": does not list ",
        name);
  std::error_code error;
  const std::uintmax_t bytes = fs::file_size(path, error);
  check(!error, ErrorCode::io, path, ": ", error.message());
  check(files[name].value("bytes", std::uintmax_t{0}) == bytes, ErrorCode::format, path, ": has ", bytes,
        " bytes, state.json says ", files[name].value("bytes", std::uintmax_t{0}));
  check(files[name].value("xxh64", std::string()) == message(xxh64_file(path)), ErrorCode::format, path,
        ": its checksum is not the one in state.json (the file is damaged)");
}

}  // namespace

std::vector<std::int64_t> checkpoint_steps(const std::string& folder) {
  std::vector<std::int64_t> found;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const std::int64_t step = step_of(entry.path().filename().string());
    if (step >= 0 && entry.is_directory()) found.push_back(step);
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string checkpoint_path(const std::string& folder, std::int64_t step) {
  std::string digits = std::to_string(step);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return folder + "/step-" + digits;
}

RunState load_run_state(const std::string& folder) {
  const nlohmann::json json = read_state(message(folder, "/", kStateFile));
  for (const char* name : {kWeightsFile, kTrainingFile}) check_file(folder, name, json);
  RunState state;
  state.step = json["step"].get<std::int64_t>();
  const std::int64_t named = step_of(fs::path(folder).filename().string());  // -1: somebody gave it another name
  check(named < 0 || named == state.step, ErrorCode::format, folder, "/", kStateFile, ": says step ", state.step);
  state.json = json["trainer"].dump();
  state.weights = load_safetensors(message(folder, "/", kWeightsFile));
  state.training = load_safetensors(message(folder, "/", kTrainingFile));
  return state;
}

std::optional<RunState> load_newest_state(const std::string& folder, std::vector<std::string>& warnings) {
  const std::vector<std::int64_t> found = checkpoint_steps(folder);
  for (auto step = found.rbegin(); step != found.rend(); ++step) {
    try {
      return load_run_state(checkpoint_path(folder, *step));
    } catch (const Error& error) {
      warnings.emplace_back(error.what());
    }
  }
  return std::nullopt;
}

CheckpointFolder::CheckpointFolder(std::string folder) : folder_(std::move(folder)) {
  std::error_code error;
  fs::create_directories(folder_, error);
  check(!error, ErrorCode::io, folder_, ": ", error.message());
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (entry.path().filename().string().rfind(kTemporary, 0) == 0) fs::remove_all(entry.path(), error);
  }
}

void CheckpointFolder::save(const RunState& state) {
  const std::string target = path_of(state.step);
  const std::string temporary = message(folder_, "/", kTemporary, state.step, "-", static_cast<long long>(getpid()));
  std::error_code error;
  fs::remove_all(temporary, error);
  try {
    check(fs::create_directory(temporary, error), ErrorCode::io, temporary, ": ", error.message());
    save_safetensors(message(temporary, "/", kWeightsFile), state.weights);
    save_safetensors(message(temporary, "/", kTrainingFile), state.training);
    nlohmann::ordered_json json = {{"version", kVersion}, {"step", state.step}};
    for (const char* name : {kWeightsFile, kTrainingFile})
      json["files"][name] = describe_file(message(temporary, "/", name));
    json["trainer"] = nlohmann::ordered_json::parse(state.json);
    write_atomically(message(temporary, "/", kStateFile), json.dump(1) + "\n");
    flush_folder(temporary);
    // Where an earlier run stood at the same step, the two change places, and the old one goes.
    const unsigned exchange = fs::exists(target) ? RENAME_EXCHANGE : 0;
    check(renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, target.c_str(), exchange) == 0, ErrorCode::io, target, ": ",
          std::strerror(errno));
    flush_folder(folder_);
    if (exchange != 0) fs::remove_all(temporary, error);
  } catch (...) {
    fs::remove_all(temporary, error);
    throw;
  }
}

void CheckpointFolder::prune(std::int64_t last, const std::vector<std::int64_t>& keep) const {
  const std::vector<std::int64_t> found = steps();
  for (std::size_t i = 0; i + static_cast<std::size_t>(last) < found.size(); ++i) {
    if (std::find(keep.begin(), keep.end(), found[i]) != keep.end()) continue;
    std::error_code error;  // what cannot be removed stays: a full disk is no reason to stop
    fs::remove_all(path_of(found[i]), error);
  }
}

void CheckpointFolder::remove_after(std::int64_t step) const {
  for (const std::int64_t later : steps()) {
    if (later > step) fs::remove_all(path_of(later));
  }
}

}  // namespace aio::apps
