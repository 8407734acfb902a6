#include "storage/lsm/damage/tally.h"

#include <doctest/doctest.h>

#include "storage/lsm/sst/format.h"

namespace distkv::storage::lsm::test {

namespace {

// Zeros this far from anything else are tried at every kZerosStep-th only.
constexpr uint64_t kNeighbourhood = 16;
constexpr uint64_t kZerosStep = 1021;  // Prime, so that it meets every place of a sector.

const char* name_of(Outcome outcome) {
  constexpr std::array<const char*, 5> kNames = {"right", "partly corrupt", "refused",
                                                 "without the last commit", "WRONG"};
  return kNames[static_cast<size_t>(outcome)];
}

}  // namespace

void Tally::try_out(const std::string& what, const Allowed& allowed,
                    const std::function<void(Disk&)>& damage) {
  CAPTURE(what);
  const auto disk = store_.disk->copy();
  damage(*disk);
  const Verdict verdict = judge(*disk, store_);
  ++counts_[static_cast<size_t>(verdict.outcome)];
  CHECK_MESSAGE(verdict.outcome != Outcome::kWrong, what << ": " << verdict.why);
  if (!allowed.is_right) CHECK_MESSAGE(verdict.outcome != Outcome::kRight, what << ": unnoticed");
  if (!allowed.is_without_last) {
    CHECK_MESSAGE(verdict.outcome != Outcome::kWithoutLast, what << ": the last commit is gone");
  }
}

std::string Tally::text() const {
  std::string text;
  for (size_t i = 0; i < counts_.size(); ++i) {
    text += std::string(i == 0 ? "" : ", ") + name_of(static_cast<Outcome>(i)) + " " +
            std::to_string(counts_[i]);
  }
  return text;
}

std::vector<uint64_t> offsets_of(const Disk& disk, const std::string& path) {
  const std::string bytes = disk.contents(path);
  std::vector<uint64_t> offsets;
  uint64_t held_until = 0;
  for (uint64_t at = 0; at < bytes.size(); ++at) {
    const bool is_ahead = at + kNeighbourhood < bytes.size() && bytes[at + kNeighbourhood] != 0;
    if (bytes[at] != 0 || is_ahead) held_until = at + kNeighbourhood;
    const bool is_near = at < held_until && at % DISTKV_DAMAGE_STEP == 0;
    if (is_near || at % kZerosStep == 0) offsets.push_back(at);
  }
  return offsets;
}

std::vector<uint64_t> blocks_of(const std::string& table) {
  constexpr size_t kStoredBytesAt = 8;
  std::vector<uint64_t> blocks = {0};
  while (blocks.back() + kTableFooterBytes < table.size()) {
    const auto stored = load<uint32_t>(table.data() + blocks.back() + kStoredBytesAt);
    blocks.push_back(blocks.back() + kBlockHeaderBytes + stored);
  }
  return blocks;
}

}  // namespace distkv::storage::lsm::test
