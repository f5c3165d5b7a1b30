#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/estate.hpp"
#include "rules/rule.hpp"

namespace marty::rules::catalog {
namespace {

/// Ports at which the server speaks first, so that a proxy which waits for a request waits for ever.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kServerFirst{
    {{"21", "FTP"}, {"22", "SSH"}, {"25", "SMTP"}, {"110", "POP3"}, {"587", "SMTP"}, {"3306", "MySQL"}}};

bool declared_http(const Node& port, const Node*& where) {
  where = port.find("appProtocol") != nullptr ? port.find("appProtocol") : port.find("name");
  if (where == nullptr) return false;
  const std::string_view said = where->text;
  const auto protocol = said.substr(0, said.find('-'));
  static constexpr std::array<std::string_view, 5> kHttp{"http", "http2", "grpc", "kubernetes.io/h2c", "h2c"};
  return std::ranges::count(kHttp, protocol) > 0 || std::ranges::count(kHttp, said) > 0;
}

void check(const Estate& estate, Report& report) {
  each(estate.of("Service"), "spec.ports[]", [&](const Resource* service, const Place& port) {
    const Node* where = nullptr;
    const auto known = std::ranges::find(kServerFirst, text(port.node, "port"),
                                         &std::pair<std::string_view, std::string_view>::first);
    if (known == kServerFirst.end() || !declared_http(port.node, where)) return;
    report
        .at(*service, *where, port.path,
            fmt::format("port {} is that of {}, where the server speaks first: a proxy for '{}' waits for a "
                        "request that never comes",
                        known->first, known->second, where->text))
        .notes = {{{}, "say tcp, as name or appProtocol; with Linkerd also config.linkerd.io/opaque-ports"}};
  });
}

}  // namespace

extern const Rule server_first_port{
    .id = "server-first-port",
    .severity = Severity::kWarning,
    .peers = "",
    .title = "a protocol in which the server speaks first, declared as HTTP",
    .why =
        "A proxy told that a port speaks HTTP waits for the client's request. In MySQL, SMTP or SSH the "
        "client waits for the server's greeting, so both sides wait until a timeout ends the connection.",
    .bad = R"(
apiVersion: v1
kind: Service
metadata: {name: database, namespace: shop}
spec:
  selector: {app: database}
  ports:
  - {name: http-db, port: 3306} # <<
)",
    .good = R"(
apiVersion: v1
kind: Service
metadata: {name: database, namespace: shop}
spec:
  selector: {app: database}
  ports:
  - {name: tcp-db, port: 3306}
)",
    .check = check,
};

}  // namespace marty::rules::catalog
