#pragma once

#include <map>
#include <span>

#include "core/result.hpp"
#include "petstore/log.hpp"
#include "petstore/service.hpp"

namespace marty::petstore {

enum class SeedDemo { kNo, kYes };

struct Options {
  std::string host = "127.0.0.1";  ///< an IPv4 address, or "unix:/path"
  std::uint16_t port = 8080;       ///< 0: any free one
  std::uint16_t metrics_port = 9000;
  std::string store = "sqlite:petstore.db";  ///< or "memory"
  LogLevel log_level = LogLevel::kInfo;
  SeedDemo seed_demo = SeedDemo::kNo;
  ServiceSettings service;
};

/// "127.0.0.1:8080", or the unix socket. Metrics of a unix host are on a second socket, "unix:/path.metrics".
std::string api_address(const Options&);
std::string metrics_address(const Options&);

using Environment = std::map<std::string, std::string>;
/// Flags win over PETSTORE_<FLAG> variables, which win over defaults. Errors name the flag and what it takes.
Result<Options> read_options(std::span<const std::string_view> arguments, const Environment& environment);
/// What --help prints.
std::string options_text();

}  // namespace marty::petstore
