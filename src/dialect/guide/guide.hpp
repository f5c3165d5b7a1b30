#pragma once

#include <string_view>

/// What people read and run beside the manifests. The texts have places such as @SERVICE@, filled in by
/// generate_guide.cpp.
namespace marty::dialect::guide {

extern const std::string_view kDemoScript;
extern const std::string_view kReadme;

}  // namespace marty::dialect::guide
