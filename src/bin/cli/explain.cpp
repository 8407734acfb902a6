// explain: where a key lives, what each replica holds of it, and what a quorum would answer.
#include <array>
#include <cstdio>
#include <ostream>

#include "bin/cli/commands.h"
#include "bin/cli/json.h"

namespace distkv::bin::cli {

namespace {

std::string hex(uint64_t number) {
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

std::string version_text(const VersionView& version) {
  std::string text = "    dot " + hex(version.actor) + ":" + std::to_string(version.counter);
  text +=
      version.is_tombstone ? " tombstone" : " " + std::to_string(version.value_bytes) + " bytes";
  if (version.expires_at) text += ", expires " + time_text(*version.expires_at);
  return text + "\n";
}

// Where partitions move, a replica may be of one layout alone.
std::string layouts_text(const ReplicaView& replica, const Explanation& explanation) {
  if (!explanation.previous_layout_version) return "";
  const std::string current = std::to_string(explanation.layout_version);
  const std::string previous = std::to_string(*explanation.previous_layout_version);
  if (!replica.is_in_previous_layout) return " - layout " + current;
  return replica.is_in_layout ? " - layouts " + current + " and " + previous
                              : " - layout " + previous;
}

// Nothing from a node too old to say.
std::string hints_section(const std::optional<std::vector<HintView>>& hints) {
  if (!hints) return "";
  if (hints->empty()) return "Hints: none\n";
  std::string text = "Hints:\n";
  for (const HintView& hint : *hints) {
    text += "  " + hint.holder + " keeps a write for " + hint.target + ", " + age_text(hint.age) +
            " old\n";
  }
  return text;
}

std::string hints_json(const std::vector<HintView>& hints) {
  std::vector<std::string> all;
  for (const HintView& hint : hints) {
    JsonObject object;
    object.bytes("holder", hint.holder).bytes("target", hint.target);
    all.push_back(object.number("age_ms", static_cast<uint64_t>(hint.age.count())).text());
  }
  return json_array(all);
}

std::string replica_text(const ReplicaView& replica, const Explanation& explanation) {
  std::string text = "  " + replica.id + " (" + replica.address + ") - " + replica.state +
                     layouts_text(replica, explanation);
  if (replica.has_hint_pending) text += " - hint pending";
  text += "\n";
  if (!replica.error.is_ok()) return text + "    no answer: " + replica.error.message + "\n";
  if (replica.versions.empty()) text += "    nothing\n";
  for (const VersionView& version : replica.versions) text += version_text(version);
  return text;
}

std::string version_json(const VersionView& version) {
  JsonObject object;
  object.identity("actor", version.actor).identity("counter", version.counter);
  object.number("value_bytes", version.value_bytes).boolean("tombstone", version.is_tombstone);
  if (version.expires_at) object.bytes("expires_at", time_text(*version.expires_at));
  return object.text();
}

std::string replica_json(const ReplicaView& replica, bool has_two_layouts) {
  std::vector<std::string> versions;
  for (const VersionView& version : replica.versions) versions.push_back(version_json(version));
  JsonObject object;
  object.bytes("id", replica.id).bytes("address", replica.address).bytes("state", replica.state);
  if (!replica.error.is_ok()) object.bytes("error", replica.error.message);
  object.json("versions", json_array(versions));
  object.boolean("hint_pending", replica.has_hint_pending);
  if (has_two_layouts) {
    object.boolean("in_layout", replica.is_in_layout);
    object.boolean("in_previous_layout", replica.is_in_previous_layout);
  }
  return object.text();
}

}  // namespace

std::string explain_text(std::string_view key, const Explanation& explanation) {
  std::string text = "Key: " + std::string(key) + "\nToken: " + hex(explanation.token) +
                     "\nSlot: " + std::to_string(explanation.slot) +
                     "\nPartition: " + std::to_string(explanation.partition) +
                     "\nLayout version: " + std::to_string(explanation.layout_version);
  if (explanation.previous_layout_version) {
    text += ", moving from " + std::to_string(*explanation.previous_layout_version);
  }
  text += "\nReplicas:\n";
  for (const ReplicaView& replica : explanation.replicas) {
    text += replica_text(replica, explanation);
  }
  return text + hints_section(explanation.hints) + "A quorum would answer: " + explanation.verdict +
         "\n";
}

std::string explain_json(std::string_view key, const Explanation& explanation) {
  std::vector<std::string> replicas;
  const bool has_two_layouts = explanation.previous_layout_version.has_value();
  for (const ReplicaView& replica : explanation.replicas) {
    replicas.push_back(replica_json(replica, has_two_layouts));
  }
  JsonObject object;
  object.bytes("key", key).json("token", json_string(hex(explanation.token)));
  object.number("slot", explanation.slot).number("partition", explanation.partition);
  object.number("layout_version", explanation.layout_version);
  if (has_two_layouts) {
    object.number("previous_layout_version", *explanation.previous_layout_version);
  }
  object.json("replicas", json_array(replicas));
  if (explanation.hints) object.json("hints", hints_json(*explanation.hints));
  return object.bytes("verdict", explanation.verdict).text();
}

int explain(Call& call) {
  const std::string& key = call.argument(0);
  const Explanation explanation = call.client.explain(key);
  if (!explanation.error.is_ok()) return complain(call.console, explanation.error.message);
  call.console.out << (call.is_json() ? explain_json(key, explanation) + "\n"
                                      : explain_text(key, explanation));
  return kExitOk;
}

}  // namespace distkv::bin::cli
