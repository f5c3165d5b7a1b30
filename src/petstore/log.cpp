#include "petstore/log.hpp"

#include <nlohmann/json.hpp>

namespace marty::petstore {
namespace {

// Keeps the order of writing: time first, as people read.
using Line = nlohmann::ordered_json;

/// A client chooses these; a line stays readable whatever it sends.
constexpr std::size_t kPathBytesMax = 512;
constexpr std::size_t kRequestIdBytesMax = 128;

std::string text_of(const Line& line) {
  return line.dump(-1, ' ', false, Line::error_handler_t::replace) + "\n";
}

}  // namespace

std::string_view to_string(LogLevel level) {
  constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

void Log::request(const RequestRecord& record) const {
  if (level_ > LogLevel::kInfo) return;
  Line line = {{"ts", clock_()},
               {"level", "info"},
               {"msg", "request"},
               {"method", record.method},
               {"path", record.path.substr(0, kPathBytesMax)},
               {"route", record.route},
               {"status", record.status},
               {"duration_us", std::chrono::duration_cast<std::chrono::microseconds>(record.took).count()},
               {"remote", record.remote},
               {"version", version_label_}};
  if (!record.request_id.empty()) line["request_id"] = record.request_id.substr(0, kRequestIdBytesMax);
  write_(text_of(line));
}

void Log::say(LogLevel level, std::string_view message, std::string_view detail) const {
  if (level < level_) return;
  Line line = {{"ts", clock_()}, {"level", to_string(level)}, {"msg", message}, {"version", version_label_}};
  if (!detail.empty()) line["detail"] = detail;
  write_(text_of(line));
}

}  // namespace marty::petstore
