#include "rollout/plan.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "rollout/test_objects.hpp"

namespace marty::rollout {
namespace {

const char* const kWanted =
    "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: route, namespace: shop}\n"
    "spec: {hosts: [pets]}\n---\n"
    "apiVersion: v1\nkind: Service\nmetadata: {name: pets, namespace: shop}\nspec: {type: ClusterIP}\n---\n"
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: rule, namespace: "
    "shop}\n---\n"
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";

Survey reached(std::string_view live, std::string_view marked = "") {
  Survey survey;
  survey.reached = true;
  for (auto& object : objects(live)) survey.live.emplace(key_of(object), object);
  survey.marked = objects(marked);
  return survey;
}

std::vector<std::string> told(const Plan& plan) {
  std::vector<std::string> out;
  for (const auto& one : plan.objects)
    out.push_back(fmt::format("{} {}", to_string(one.action), shown(one.key)));
  return out;
}
using Lines = std::vector<std::string>;

TEST(Plan, WithoutAClusterIsTheOrder) {
  const auto wanted = objects(kWanted);
  EXPECT_EQ(told(make_plan(wanted, {})),
            (Lines{"unknown Namespace shop", "unknown Service shop/pets", "unknown DestinationRule shop/rule",
                   "unknown VirtualService shop/route"}));
}

TEST(Plan, ComparesWithWhatIsThere) {
  const auto wanted = objects(kWanted);
  auto survey = reached(
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop, uid: x}}\n---\n"
      "{apiVersion: v1, kind: Service, metadata: {name: pets, namespace: shop}, spec: {type: NodePort, more: "
      "1}}\n");
  const auto plan = make_plan(wanted, survey);
  EXPECT_EQ(told(plan), (Lines{"unchanged Namespace shop", "change Service shop/pets",
                               "create DestinationRule shop/rule", "create VirtualService shop/route"}));
  ASSERT_EQ(plan.objects[1].changes.size(), 1u);
  EXPECT_EQ(plan.objects[1].changes[0].path, "spec.type");
  EXPECT_EQ(plan.objects[1].changes[0].origin.line, 9u);
  EXPECT_FALSE(plan.objects[1].previewed);
  EXPECT_TRUE(plan.changes_anything());
}

TEST(Plan, TheServersAnswerCountsMoreThanOurGuess) {
  const auto wanted = objects(kWanted);
  auto survey = reached(
      "{apiVersion: v1, kind: Service, metadata: {name: pets, namespace: shop}, spec: {type: X, old: 1}}");
  const Key service{"", "Service", "shop", "pets"};
  survey.preview.emplace(
      service,
      objects("{apiVersion: v1, kind: Service, metadata: {name: pets, namespace: shop}, spec: {type: X}}")
          .at(0));
  survey.conflicts[service] = {{"helm", "", {".spec.type"}}};
  const auto plan = make_plan(wanted, survey);
  const auto& one = plan.objects[1];
  EXPECT_TRUE(one.previewed);
  ASSERT_EQ(one.changes.size(), 1u);
  EXPECT_EQ(one.changes[0].path, "spec.old");
  EXPECT_EQ(plan.conflicts(), 1u);
}

TEST(Plan, PrunesWhatIsOursInReverseAndNothingElse) {
  const auto wanted = objects(kWanted);
  const auto plan = make_plan(
      wanted,
      reached("",
              "{apiVersion: v1, kind: Service, metadata: {name: pets, namespace: shop}}\n---\n"
              "{apiVersion: v1, kind: Service, metadata: {name: gone, namespace: shop}}\n---\n"
              "{apiVersion: v1, kind: Namespace, metadata: {name: gone}}\n---\n"
              "{apiVersion: example.com/v1, kind: Widget, metadata: {name: gone, namespace: shop}}\n---\n"
              "{apiVersion: networking.istio.io/v1beta1, kind: VirtualService, metadata: {name: gone, "
              "namespace: shop}}\n"));
  const auto lines = told(plan);
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[4], "prune VirtualService shop/gone");
  EXPECT_EQ(lines[5], "prune Service shop/gone");
}

TEST(Marked, LabelsEverythingButLeavesNamespacesToOthersToo) {
  auto resources = objects(
      "{apiVersion: v1, kind: Service, metadata: {name: pets, labels: {a: b}}}\n---\n"
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n");
  resources[0].ns = {"shop", {}};
  const auto all = marked(std::move(resources), "pets");
  EXPECT_EQ(all[0].root.at({"metadata", "labels", "a"})->text, "b");
  EXPECT_EQ(all[0].root.at({"metadata", "labels", kServiceLabel})->text, "pets");
  EXPECT_EQ(all[0].root.at({"metadata", "labels", kManagedBy})->text, "marty");
  EXPECT_EQ(all[0].root.at({"metadata", "namespace"})->text, "shop");
  EXPECT_EQ(all[1].root.at({"metadata", "labels", kServiceLabel}), nullptr);
  EXPECT_EQ(all[1].root.at({"metadata", "namespace"}), nullptr);
}

}  // namespace
}  // namespace marty::rollout
