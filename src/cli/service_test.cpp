#include "cli/service.hpp"

#include <gtest/gtest.h>

#include "cli/test_world.hpp"

namespace marty::cli {
namespace {

TEST(Service, IsFoundHereAndUpward) {
  TestWorld test;
  test.put("plugins/petstore_domain/mesh.yaml", "");
  test.put("a/b/c/readme", "");
  for (const char* below : {"", "/plugins", "/a/b/c", "/plugins/petstore_domain"}) {
    test.world.cwd = test.directory() + below;
    auto service = find_service(test.world, "petstore-domain");
    ASSERT_TRUE(service) << below;
    EXPECT_EQ(service->policy_file, test.directory() + "/plugins/petstore_domain/mesh.yaml");
    EXPECT_EQ(service->overlay("istio"),
              test.directory() + "/plugins/petstore_domain/k8s/overlays/service-mesh-istio");
  }
}

TEST(Service, TheNearestWins) {
  TestWorld test;
  test.put("plugins/pets/mesh.yaml", "");
  test.put("inner/plugins/pets/mesh.yaml", "");
  test.world.cwd = test.directory() + "/inner";
  auto service = find_service(test.world, "pets");
  ASSERT_TRUE(service);
  EXPECT_EQ(service->directory, test.directory() + "/inner/plugins/pets");
}

TEST(Service, AMissIsExplained) {
  TestWorld test;
  test.put("plugins/petstore_domain/mesh.yaml", "");
  test.put("plugins/orders/mesh.yaml", "");
  test.put("plugins/no_mesh/readme", "");
  auto service = find_service(test.world, "petstor-domain");
  ASSERT_FALSE(service);
  EXPECT_EQ(service.error().code, ErrorCode::kInput);
  EXPECT_NE(service.error().text.find(test.directory() + "/plugins/petstor_domain/mesh.yaml"),
            std::string::npos);
  EXPECT_EQ(service.error().next, "services here: orders, petstore-domain; did you mean petstore-domain?");
}

TEST(Service, ANameIsNotAPath) {
  TestWorld test;
  test.put("plugins/pets/mesh.yaml", "");
  for (const char* name : {"", "../pets", "plugins/pets", ".."})
    EXPECT_FALSE(find_service(test.world, name)) << name;
}

}  // namespace
}  // namespace marty::cli
