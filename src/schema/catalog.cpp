#include "schema/catalog.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "schema/builder.hpp"

namespace marty::schema {

namespace {

/// v2 before v1, v1 before v1beta1 before v1alpha3: Kubernetes' order of preference.
std::tuple<int, int, int> age(std::string_view version) {
  const auto number = [&](std::size_t at) {
    int value = 0;
    std::from_chars(version.data() + std::min(at, version.size()), version.data() + version.size(), value);
    return value;
  };
  const auto beta = version.find("beta"), alpha = version.find("alpha");
  const int maturity = beta != version.npos ? 1 : alpha != version.npos ? 2 : 0;
  const int minor = maturity == 1 ? number(beta + 4) : maturity == 2 ? number(alpha + 5) : 0;
  return {maturity, -number(1), -minor};
}

}  // namespace

Catalog::Catalog() : all_{kBuiltIn} {}
Catalog::Catalog(Catalog&&) noexcept = default;
Catalog::~Catalog() = default;

std::size_t Catalog::add_crds(const std::vector<manifest::Resource>& objects, Diagnostics& found) {
  if (!users_) users_ = std::make_unique<Builder>();
  std::size_t count = 0;
  for (const auto& object : objects) {
    if (*object.kind != "CustomResourceDefinition") continue;
    users_->add_crd(object.root, found);
    ++count;
  }
  all_ = {users_->tables(), kBuiltIn};
  return count;
}

Catalog::Found Catalog::find(std::string_view group, std::string_view kind, std::string_view version) const {
  const auto mark = manifest::mark_of(kind);
  for (const Tables& tables : all_) {
    auto at = std::lower_bound(tables.kinds.begin(), tables.kinds.end(), mark,
                               [](const Kind& k, std::uint32_t wanted) { return k.mark < wanted; });
    for (; at != tables.kinds.end() && at->mark == mark; ++at) {
      const bool same = tables.text(at->kind) == kind && tables.text(at->group) == group &&
                        tables.text(at->version) == version;
      if (same && (at->flags & kServed)) return {&tables, &*at};
    }
  }
  return {};
}

std::vector<std::string_view> Catalog::versions(std::string_view group, std::string_view kind) const {
  std::vector<std::string_view> out;
  for (const Tables& tables : all_) {
    for (const Kind& k : tables.kinds) {
      if (tables.text(k.kind) == kind && tables.text(k.group) == group && (k.flags & kServed))
        out.push_back(tables.text(k.version));
    }
  }
  std::sort(out.begin(), out.end(), [](auto a, auto b) { return age(a) < age(b); });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string_view> Catalog::kinds(std::string_view group) const {
  std::vector<std::string_view> out;
  for (const Tables& tables : all_) {
    for (const Kind& k : tables.kinds) {
      if (tables.text(k.group) == group) out.push_back(tables.text(k.kind));
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

const Tables& Catalog::object_meta() const { return all_.back(); }

}  // namespace marty::schema
