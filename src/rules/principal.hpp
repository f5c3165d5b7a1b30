#pragma once

#include <optional>
#include <string_view>

namespace marty::rules {

/// Who a certificate of Istio's names, as policies write it.
struct Principal {
  std::string_view trust_domain, ns, account;
};

/// Of "cluster.local/ns/shop/sa/web", with or without a scheme before it; nothing for other shapes. Patterns
/// keep their '*'.
inline std::optional<Principal> principal_in(std::string_view text) {
  constexpr std::string_view kNamespace = "/ns/", kAccount = "/sa/";
  const auto ns = text.find(kNamespace);
  if (ns == text.npos) return std::nullopt;
  const auto begin = ns + kNamespace.size(), account = text.find(kAccount, begin);
  if (account == text.npos) return std::nullopt;
  return Principal{text.substr(0, ns), text.substr(begin, account - begin),
                   text.substr(account + kAccount.size())};
}

}  // namespace marty::rules
