#include "apps/evaluator/meteor_jar.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "data/metrics/caption_scores.h"
#include "tensor/error.h"

namespace aio::apps {
namespace {

namespace fs = std::filesystem;

/// A folder of its own, gone with the object.
struct TempFolder {
  TempFolder() : path((fs::temp_directory_path() / "aio-meteor-XXXXXX").string()) {
    check(mkdtemp(path.data()) != nullptr, ErrorCode::io, "meteor: cannot create a folder ", path);
  }
  ~TempFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string path;
};

void write_line(std::ofstream& file, const Words& words) {
  for (const std::string& word : words) file << word << ' ';
  file << '\n';
}

/// Runs java with its standard output in a file; the exit status.
int run_java(const std::vector<std::string>& arguments, const std::string& output) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  pid_t child = 0;
  const int refused = posix_spawnp(&child, "java", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  check(refused == 0, ErrorCode::io, "meteor: cannot run java (install a Java runtime, or leave out --meteor-jar)");
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace

double meteor_by_jar(const std::string& jar, const std::vector<CaptionPair>& pairs) {
  check_caption_pairs(pairs, "METEOR");
  check(fs::is_regular_file(jar), ErrorCode::io, "meteor: ", jar, " is not a file");
  std::size_t most = 0;
  for (const CaptionPair& pair : pairs) most = std::max(most, pair.references.size());
  const TempFolder folder;
  const std::string predictions = folder.path + "/predictions", references = folder.path + "/references";
  {
    // The program wants as many references for each: the first again, which does not change the best.
    std::ofstream prediction_file(predictions), reference_file(references);
    for (const CaptionPair& pair : pairs) {
      write_line(prediction_file, pair.prediction);
      for (std::size_t i = 0; i < most; ++i)
        write_line(reference_file, pair.references[i < pair.references.size() ? i : 0]);
    }
    check(prediction_file.flush().good() && reference_file.flush().good(), ErrorCode::io, "meteor: cannot write into ",
          folder.path);
  }
  const std::string output = folder.path + "/output";
  const int status = run_java(
      {"java", "-Xmx2G", "-jar", jar, predictions, references, "-l", "en", "-norm", "-r", std::to_string(most)},
      output);
  std::ifstream printed(output);
  for (std::string line; std::getline(printed, line);) {
    const std::string name = "Final score:";
    if (line.rfind(name, 0) == 0) return std::strtod(line.c_str() + name.size(), nullptr);
  }
  fail(ErrorCode::io, "meteor: ", jar, " printed no final score; java ended with status ", status);
}

std::vector<std::pair<std::string, double>> caption_metrics(const std::vector<CaptionPair>& pairs,
                                                            const std::string& jar) {
  std::vector<std::pair<std::string, double>> scores = score_captions(pairs);
  if (!jar.empty()) scores.back() = {"METEOR", meteor_by_jar(jar, pairs)};
  return scores;
}

}  // namespace aio::apps
