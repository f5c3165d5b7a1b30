#include "local/admin_client.hpp"

#include <fmt/format.h>

#include <optional>

#include "http/client.hpp"
#include "io/loop_transport.hpp"

namespace marty::local {

Result<std::string> read_admin_page(io::Loop& loop, const std::string& address, const std::string& path,
                                    const std::function<bool()>& cancelled) {
  constexpr std::size_t kPageBytesMax = std::size_t{64} << 20;
  const auto transport = loop.new_transport();
  http::Client client(*transport, kPageBytesMax);
  transport->bind(client);
  std::optional<http::ClientResponse> answer;
  http::ClientRequest request;
  request.to = {address};
  request.target = path;
  request.authority = address;
  request.timeout = 2s;
  client.send(loop.now(), request, [&](const http::ClientResponse& response) { answer = response; });
  while (!answer) {
    if (cancelled()) return Error{ErrorCode::kInterrupted, "interrupted", {}};
    loop.run_once(100ms);
  }
  if (answer->status == 200) return std::move(answer->body);
  return Error{ErrorCode::kEnvironment,
               answer->status == 0 ? fmt::format("no local mesh answers at {}", address)
                                   : fmt::format("{} answers {} for {}", address, answer->status, path),
               "marty service-mesh up starts one"};
}

}  // namespace marty::local
