#pragma once

#include <string_view>

/// Points and spans of time as texts.
namespace marty::schema {

bool is_date(std::string_view);  ///< 2026-01-31, a day that exists
bool is_date_time(
    std::string_view);  ///< RFC 3339: 2026-01-31T12:00:00Z, with a fraction and an offset perhaps
bool is_duration(std::string_view);  ///< as Go's time.ParseDuration

}  // namespace marty::schema
