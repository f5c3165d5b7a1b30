#include "schema/times.hpp"

#include <algorithm>

#include "manifest/duration.hpp"

namespace marty::schema {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number in exactly `digits` digits from `at`; -1 when they are none.
int number_at(std::string_view text, std::size_t at, std::size_t digits) {
  if (text.size() < at + digits) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + digits; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

int days_of(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

/// "Z" or "+02:00".
bool is_offset(std::string_view text) {
  if (text == "Z") return true;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return false;
  const int hours = number_at(text, 1, 2), minutes = number_at(text, 4, 2);
  return hours >= 0 && hours <= 24 && minutes >= 0 && minutes <= 60;
}

}  // namespace

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  const int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
  return year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month);
}

bool is_date_time(std::string_view text) {
  if (text.size() < 20 || !is_date(text.substr(0, 10)) || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return false;
  const int hour = number_at(text, 11, 2), minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  auto rest = text.substr(19);
  if (rest[0] != '.') return is_offset(rest);
  rest.remove_prefix(1);
  const auto digits =
      static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_digit) - rest.begin());
  return digits > 0 && is_offset(rest.substr(digits));
}

bool is_duration(std::string_view text) { return manifest::parse_duration(text).has_value(); }

}  // namespace marty::schema
