#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace marty::cli {

/// For tests: a directory of its own as the working directory, output kept as text, no terminal. Restores the
/// working directory and removes its own at the end.
class TestWorld {
 public:
  TestWorld();
  ~TestWorld();
  TestWorld(const TestWorld&) = delete;
  TestWorld& operator=(const TestWorld&) = delete;

  /// Runs one command line; `out` and `err` hold what this run said.
  int run(const std::vector<std::string>& words);
  void put(const std::string& path, const std::string& text) const;
  std::string get(const std::string& path) const;
  bool has(const std::string& path) const;
  /// Every file and link below the directory, sorted.
  std::vector<std::string> files() const;

  World world;
  std::string out, err, standard_input;
  std::map<std::string, std::string> env;
  const std::string& directory() const { return directory_; }
  /// Where the tests were started: the root of the project.
  const std::string& project() const { return before_; }

 private:
  std::string before_, directory_;
};

}  // namespace marty::cli
