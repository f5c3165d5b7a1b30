#include "dialect/linkerd/parts.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "dialect/names.hpp"

namespace marty::dialect::linkerd {

using namespace manifest;

namespace {

bool is_dns_name(std::string_view text) {
  if (text.empty()) return false;
  for (;;) {
    const auto dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == text.npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_group(std::string_view text) { return text.empty() || is_dns_name(text); }
bool is_not_empty(std::string_view text) { return !text.empty(); }
constexpr Wants kGroup{is_group, "an API group such as policy.linkerd.io; Kubernetes' core is \"\""};
constexpr Wants kName{is_not_empty, "a name"};

/// spiffe://<trust domain>/<path>, strictly: no empty or dotted segment, no slash at the end.
bool is_spiffe_id(std::string_view text) {
  constexpr std::string_view kScheme = "spiffe://";
  if (!text.starts_with(kScheme)) return false;
  text.remove_prefix(kScheme.size());
  const auto domain = text.substr(0, text.find('/'));
  if (domain.empty() || domain.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._") != domain.npos)
    return false;
  text.remove_prefix(domain.size());
  while (!text.empty()) {
    text.remove_prefix(1);
    const auto segment = text.substr(0, text.find('/'));
    const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_' || c == '.';
    });
    if (segment.empty() || segment == "." || segment == ".." || !plain) return false;
    text.remove_prefix(segment.size());
  }
  return true;
}

}  // namespace

bool is_identity(std::string_view text) {
  if (text == "*" || is_spiffe_id(text)) return true;
  if (text.starts_with("*.")) text.remove_prefix(2);
  return is_dns_name(text);
}

std::span<const Spelling> spellings(Tag<DefaultPolicy>) {
  using D = DefaultPolicy;
  static constexpr Spelling kAll[] = {spell("deny", D::kDeny),
                                      spell("audit", D::kAudit),
                                      spell("all-unauthenticated", D::kAllUnauthenticated),
                                      spell("all-authenticated", D::kAllAuthenticated),
                                      spell("cluster-unauthenticated", D::kClusterUnauthenticated),
                                      spell("cluster-authenticated", D::kClusterAuthenticated)};
  return kAll;
}

const Table& fields(Tag<LocalRef>) {
  using R = LocalRef;
  static const Fields<R> table{"Reference",
                               {field("group", &R::group, kGroup), field("kind", &R::kind, kRequired, kName),
                                field("name", &R::name, kRequired, kName)}};
  return table;
}

const Table& fields(Tag<ObjectReference>) {
  using R = ObjectReference;
  static const Fields<R> table{
      "Reference",
      {field("group", &R::group, kGroup), field("kind", &R::kind, kRequired, kName),
       field("name", &R::name, kRequired, kName), field("namespace", &R::ns, kDnsLabel)}};
  return table;
}

bool is(const LocalRef& ref, std::string_view group, std::string_view kind) {
  const bool core = *ref.group == "core" && group.empty();
  return (core || *ref.group == group) && *ref.kind == kind;
}

std::string shown(const LocalRef& ref) {
  return fmt::format("{} in {}", *ref.kind, ref.group->empty() ? "Kubernetes' core" : *ref.group);
}

std::optional<std::uint64_t> thousandths(const IntOrString& quantity) {
  if (quantity.text.empty()) {
    if (quantity.number < 0 || quantity.number > INT64_MAX / 1000) return {};
    return static_cast<std::uint64_t>(quantity.number) * 1000;
  }
  std::string_view text = quantity.text;
  std::uint64_t digits = 0, scale = 1;
  bool any = false, fraction = false;
  while (!text.empty() && ((text[0] >= '0' && text[0] <= '9') || (text[0] == '.' && !fraction))) {
    if (text[0] == '.') {
      fraction = true;
    } else {
      if (digits > UINT64_MAX / 100 || scale > 1'000'000'000) return {};
      digits = digits * 10 + static_cast<std::uint64_t>(text[0] - '0');
      scale *= fraction ? 10 : 1;
      any = true;
    }
    text.remove_prefix(1);
  }
  struct Suffix {
    std::string_view text;
    std::uint64_t factor;
  };
  static constexpr Suffix kSuffixes[] = {
      {"m", 1}, {"", 1000}, {"k", 1'000'000}, {"M", 1'000'000'000}, {"Ki", 1'024'000}, {"Mi", 1'048'576'000}};
  const auto* suffix = std::find_if(std::begin(kSuffixes), std::end(kSuffixes),
                                    [&](const Suffix& one) { return one.text == text; });
  if (!any || suffix == std::end(kSuffixes) || digits > INT64_MAX / suffix->factor) return {};
  return digits * suffix->factor / scale;
}

}  // namespace marty::dialect::linkerd
