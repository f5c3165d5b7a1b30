#include "policy/client_authorization.hpp"

#include <algorithm>

namespace marty::policy {
namespace {

using Client = ClientAuthorization::Client;

bool names(std::string_view pattern, const Client& client) {
  if (pattern == "*") return true;
  if (pattern.starts_with("spiffe://")) return pattern == client.spiffe_id;
  if (!pattern.starts_with("*.")) return pattern == client.identity;
  return client.identity.size() > pattern.size() - 1 && client.identity.ends_with(pattern.substr(1));
}

bool inside(const ClientAuthorization::Network& network, const IpAddress& ip) {
  return network.block.contains(ip) && std::none_of(network.except.begin(), network.except.end(),
                                                    [&](const auto& block) { return block.contains(ip); });
}

const Sourced<std::string>* identity_of(const ClientAuthorization& of, const Client& client) {
  const auto found = std::find_if(of.identities.begin(), of.identities.end(),
                                  [&](const auto& pattern) { return names(*pattern, client); });
  return found == of.identities.end() ? nullptr : &*found;
}

bool admits(const ClientAuthorization& one, const std::optional<IpAddress>& ip, const Client& client) {
  const auto& nets = one.networks;
  if (!nets.empty() &&
      (!ip || std::none_of(nets.begin(), nets.end(), [&](const auto& n) { return inside(n, *ip); })))
    return false;
  if (one.auth == ClientAuthorization::Auth::kNone) return true;
  if (client.identity.empty()) return false;
  return one.auth == ClientAuthorization::Auth::kMeshTls || identity_of(one, client) != nullptr;
}

}  // namespace

ProxyIdentity::ProxyIdentity(std::string_view uri) {
  const auto append = [&](std::string_view part) {
    const auto room = std::min(part.size(), sizeof text_ - size_);
    part.copy(text_ + size_, room);
    size_ += room;
  };
  const auto ns = uri.find("/ns/"), sa = uri.find("/sa/");
  if (ns == uri.npos || sa == uri.npos || sa < ns + 4) {
    append(uri);
    return;
  }
  append(uri.substr(sa + 4));
  append(".");
  append(uri.substr(ns + 4, sa - ns - 4));
  append(kSuffix);
}

std::optional<std::size_t> ClientAuthorization::decide(std::span<const ClientAuthorization> all,
                                                       const Client& client) {
  const auto ip = parse_ip(client.ip);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const auto& one) { return admits(one, ip, client); });
  if (found == all.end()) return {};
  return static_cast<std::size_t>(found - all.begin());
}

Origin ClientAuthorization::origin_for(const Client& client) const {
  const auto* identity = auth == Auth::kIdentity ? identity_of(*this, client) : nullptr;
  return identity && identity->written() ? identity->origin : origin;
}

std::optional<ClientAuthorization::Network> parse_network(const std::string& cidr,
                                                          const std::vector<std::string>& except) {
  const auto block = IpBlock::parse(cidr);
  if (!block) return {};
  ClientAuthorization::Network network{*block, {}, cidr};
  for (const auto& text : except) {
    const auto hole = IpBlock::parse(text);
    if (!hole) return {};
    network.except.push_back(*hole);
    network.text += " except " + text;
  }
  return network;
}

}  // namespace marty::policy
