#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "petstore/process.hpp"

namespace {

marty::petstore::Environment read_environment() {
  marty::petstore::Environment out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const char* const equals = std::strchr(*entry, '=');
    if (equals != nullptr)
      out.emplace(std::string_view(*entry, static_cast<std::size_t>(equals - *entry)), equals + 1);
  }
  return out;
}

int fail(const marty::Error& error, int code) {
  std::fprintf(stderr, "petstore-domain: %s\n", error.text.c_str());
  if (!error.next.empty()) std::fprintf(stderr, "  %s\n", error.next.c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  for (std::string_view argument : arguments) {
    if (argument != "--help" && argument != "-h") continue;
    std::fputs(marty::petstore::options_text().c_str(), stdout);
    return 0;
  }
  auto options = marty::petstore::read_options(arguments, read_environment());
  if (!options) return fail(options.error(), 2);
  if (marty::Status status = marty::petstore::run(*options); !status) return fail(status.error(), 4);
  return 0;
}
