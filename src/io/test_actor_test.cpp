#include "io/test_actor.hpp"

#include <gtest/gtest.h>

#include <stdlib.h>

#include <filesystem>

namespace marty::io::testing {

std::unique_ptr<Loop> make_loop() {
  auto loop = Loop::create();
  EXPECT_TRUE(loop) << loop.error().text;
  return std::move(*loop);
}

Address listen_on_free_port(NotingActor& actor, Security security) {
  auto status = actor.transport->listen(kListener, {"127.0.0.1:0"}, security);
  EXPECT_TRUE(status) << status.error().text;
  return actor.transport->bound_address(kListener);
}

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "marty-io-XXXXXX").string();
  path = ::mkdtemp(pattern.data());
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace marty::io::testing
