#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/explain.hpp"

namespace marty::cli {

/// A request that is asked about and what would become of it.
struct Foretold {
  std::string method, authority, path;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string identity;  ///< SPIFFE ID of the client
  engine::Forecast forecast;

  /// The status of the worst certain refusal, 0 when every branch reaches the application (or is answered
  /// without fault on the way, such as a redirect).
  int refused_with() const;
};

std::string forecast_table(const Foretold&, Color);
std::string forecast_json(const Foretold&, const SourceMap&);

}  // namespace marty::cli
