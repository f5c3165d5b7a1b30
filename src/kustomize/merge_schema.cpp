#include "kustomize/merge_schema.hpp"

#include <map>
#include <utility>

namespace marty::kustomize {

namespace {

using Key = std::pair<std::string_view, std::string_view>;

constexpr KnownKind kKinds[] = {
#define KIND(kind, api_version, type, scope) {kind, api_version, type, Scope::scope},
#include "kustomize/kinds.inc"
#undef KIND
};

constexpr bool merges(std::string_view keys) { return keys != "-"; }
constexpr MergeField kFields[] = {
#define FIELD(type, field, values, keys) {type, field, values, merges(keys) ? keys : "", merges(keys)},
#include "kustomize/merge_schema.inc"
#undef FIELD
};

template <class Row, std::size_t N, class KeyOf>
std::map<Key, const Row*> index(const Row (&rows)[N], KeyOf key_of) {
  std::map<Key, const Row*> out;
  for (const Row& row : rows) out[key_of(row)] = &row;
  return out;
}

template <class Row>
const Row* look_up(const std::map<Key, const Row*>& rows, Key key) {
  const auto found = rows.find(key);
  return found == rows.end() ? nullptr : found->second;
}

}  // namespace

const KnownKind* find_kind(std::string_view api_version, std::string_view kind) {
  static const auto rows = index(kKinds, [](const KnownKind& row) { return Key(row.kind, row.api_version); });
  return look_up(rows, {kind, api_version});
}

const MergeField* find_merge_field(std::string_view type, std::string_view field) {
  static const auto rows = index(kFields, [](const MergeField& row) { return Key(row.type, row.field); });
  return look_up(rows, {type, field});
}

std::vector<std::string_view> MergeField::key_list() const {
  std::vector<std::string_view> out;
  for (std::string_view rest = keys; !rest.empty();) {
    const auto comma = rest.find(',');
    out.push_back(rest.substr(0, comma));
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
  }
  return out;
}

}  // namespace marty::kustomize
