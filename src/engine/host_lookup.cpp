#include "engine/host_lookup.hpp"

#include <algorithm>
#include <charconv>

#include "policy/ascii.hpp"

namespace marty::engine {
namespace {

constexpr std::size_t kHostBytesMax = 255 + 6;  // a DNS name and its port

}  // namespace

std::optional<std::uint32_t> find_host(const Program& program, const policy::RequestView& request) {
  const auto authority = request.authority;
  if (authority.size() > kHostBytesMax) return std::nullopt;
  char text[kHostBytesMax + 6];
  std::transform(authority.begin(), authority.end(), text, policy::lower);
  auto found = program.host_index.find(std::string_view(text, authority.size()));
  if (found == program.host_index.end() && request.port != 0 && authority.find(':') == authority.npos) {
    char* end = text + authority.size();
    *end++ = ':';
    end = std::to_chars(end, std::end(text), request.port).ptr;
    found = program.host_index.find(std::string_view(text, static_cast<std::size_t>(end - text)));
  }
  if (found == program.host_index.end()) return std::nullopt;
  return found->second;
}

}  // namespace marty::engine
