#include "models/checkpoint/harmful_names.h"

#include <algorithm>
#include <array>

namespace aio::weights {
namespace {

constexpr std::array kHarmfulModules = {
    std::string_view("os"),         std::string_view("posix"),    std::string_view("nt"),
    std::string_view("subprocess"), std::string_view("sys"),      std::string_view("socket"),
    std::string_view("shutil"),     std::string_view("pty"),      std::string_view("runpy"),
    std::string_view("importlib"),  std::string_view("commands"), std::string_view("webbrowser"),
    std::string_view("ctypes"),     std::string_view("popen2"),   std::string_view("code"),
};
constexpr std::array kHarmfulBuiltins = {
    std::string_view("eval"), std::string_view("exec"),  std::string_view("execfile"),   std::string_view("compile"),
    std::string_view("open"), std::string_view("input"), std::string_view("breakpoint"), std::string_view("__import__"),
};

}  // namespace

bool is_harmful(std::string_view module, std::string_view name) {
  const auto contains = [](const auto& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
  };
  if (module == "builtins" || module == "__builtin__")
    return contains(kHarmfulBuiltins, name.substr(0, name.find('.')));
  return contains(kHarmfulModules, module.substr(0, module.find('.')));
}

}  // namespace aio::weights
