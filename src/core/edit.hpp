#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"

namespace marty {

struct Edited {
  std::string text;
  std::vector<bool> done;  ///< per fix: whether it was carried out
};

/// Carries out the fixes of one file. Columns and lengths count characters (UTF-8 sequences), as origins do.
/// Of fixes that overlap the first counts, as do those outside of the text: everything else stays byte for
/// byte.
Edited apply_fixes(std::string_view text, const std::vector<const Fix*>& fixes);

}  // namespace marty
