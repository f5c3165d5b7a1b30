#include "proxy/header_edits.hpp"

#include <algorithm>

#include "http/writer.hpp"

namespace marty::proxy {

std::size_t append_lower(std::string& out, std::string_view name) {
  const auto at = out.size();
  out += name;
  for (auto c = out.begin() + static_cast<std::ptrdiff_t>(at); c != out.end(); ++c) {
    if (*c >= 'A' && *c <= 'Z') *c = static_cast<char>(*c + 32);
  }
  return at;
}

bool edited(const mesh::HeaderEdits* edits, std::string_view lower_name) {
  if (edits == nullptr || edits->empty()) return false;
  return std::find(edits->remove.begin(), edits->remove.end(), lower_name) != edits->remove.end() ||
         std::any_of(edits->set.begin(), edits->set.end(),
                     [&](const auto& set) { return set.first == lower_name; });
}

void append_edits(std::string& out, const mesh::HeaderEdits* edits) {
  if (edits == nullptr) return;
  for (const auto& [name, value] : edits->set) http::write_header(out, name, value);
  for (const auto& [name, value] : edits->add) http::write_header(out, name, value);
}

}  // namespace marty::proxy
