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

std::string replica_text(const ReplicaView& replica) {
  std::string text = "  " + replica.id + " (" + replica.address + ") - " + replica.state;
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

std::string replica_json(const ReplicaView& replica) {
  std::vector<std::string> versions;
  for (const VersionView& version : replica.versions) versions.push_back(version_json(version));
  JsonObject object;
  object.bytes("id", replica.id).bytes("address", replica.address).bytes("state", replica.state);
  if (!replica.error.is_ok()) object.bytes("error", replica.error.message);
  object.json("versions", json_array(versions));
  return object.boolean("hint_pending", replica.has_hint_pending).text();
}

}  // namespace

std::string explain_text(std::string_view key, const Explanation& explanation) {
  std::string text = "Key: " + std::string(key) + "\nToken: " + hex(explanation.token) +
                     "\nSlot: " + std::to_string(explanation.slot) +
                     "\nPartition: " + std::to_string(explanation.partition) +
                     "\nLayout version: " + std::to_string(explanation.layout_version) +
                     "\nReplicas:\n";
  for (const ReplicaView& replica : explanation.replicas) text += replica_text(replica);
  return text + "A quorum would answer: " + explanation.verdict + "\n";
}

std::string explain_json(std::string_view key, const Explanation& explanation) {
  std::vector<std::string> replicas;
  for (const ReplicaView& replica : explanation.replicas) replicas.push_back(replica_json(replica));
  JsonObject object;
  object.bytes("key", key).json("token", json_string(hex(explanation.token)));
  object.number("slot", explanation.slot).number("partition", explanation.partition);
  object.number("layout_version", explanation.layout_version);
  return object.json("replicas", json_array(replicas)).bytes("verdict", explanation.verdict).text();
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
