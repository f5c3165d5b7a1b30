#include "io/test_actor.hpp"

#include <stdlib.h>

#include <filesystem>

namespace marty::io::testing {

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "marty-io-XXXXXX").string();
  path = ::mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace marty::io::testing
