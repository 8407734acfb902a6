#include "ring/shares.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/check.h"

namespace distkv::ring {
namespace {

// Fractions over one denominator, so that rounding is exact on every machine.
struct FairShares {
  std::vector<uint64_t> numerators;  // By node; at most Q * weights * R, far below 2^64.
  uint64_t denominator = 1;
};

// From the heaviest node down: while the heaviest deserves more than Q, it gets Q and the others
// share what is left.
FairShares fair_shares(const Layout& layout) {
  const uint64_t partitions = layout.partition_count;
  std::vector<size_t> heaviest_first(layout.nodes.size());
  std::iota(heaviest_first.begin(), heaviest_first.end(), size_t{0});
  std::stable_sort(heaviest_first.begin(), heaviest_first.end(), [&](size_t left, size_t right) {
    return layout.nodes[left].weight > layout.nodes[right].weight;
  });
  uint64_t places = partitions * layout.replicas_per_partition();
  uint64_t weights = 0;
  for (const LayoutNode& node : layout.nodes) weights += node.weight;

  size_t capped = 0;
  for (; capped < heaviest_first.size(); ++capped) {
    const uint64_t weight = layout.nodes[heaviest_first[capped]].weight;
    if (places * weight < partitions * weights) break;
    places -= partitions;
    weights -= weight;
  }
  FairShares shares;
  shares.denominator = std::max<uint64_t>(weights, 1);
  shares.numerators.resize(layout.nodes.size());
  for (size_t rank = 0; rank < heaviest_first.size(); ++rank) {
    const size_t node = heaviest_first[rank];
    shares.numerators[node] =
        rank < capped ? partitions * shares.denominator : places * layout.nodes[node].weight;
  }
  return shares;
}

// Racks are numbered by their first node. A rack is named within its zone; no name is no rack.
std::vector<RackIndex> number_racks(std::span<const LayoutNode> nodes) {
  std::map<std::pair<std::string, std::string>, RackIndex> numbers;
  std::vector<RackIndex> rack_of;
  RackIndex next = 0;
  for (const LayoutNode& node : nodes) {
    if (node.rack.empty()) {
      rack_of.push_back(next++);
      continue;
    }
    const auto [entry, is_new] = numbers.try_emplace({node.zone, node.rack}, next);
    if (is_new) ++next;
    rack_of.push_back(entry->second);
  }
  return rack_of;
}

std::vector<std::vector<size_t>> group_by_rack(std::span<const RackIndex> rack_of) {
  const size_t rack_count = *std::max_element(rack_of.begin(), rack_of.end()) + size_t{1};
  std::vector<std::vector<size_t>> members(rack_count);
  for (size_t node = 0; node < rack_of.size(); ++node) members[rack_of[node]].push_back(node);
  return members;
}

// What gets rounded: places beyond `floor` are given one each, at most one to each candidate.
struct Candidate {
  uint64_t remainder = 0;  // Of the denominator; zero is already whole and gets nothing.
  bool is_free = false;    // Holds enough today: rounding up moves nothing.
  size_t index = 0;
};

void give_extras(std::vector<Candidate> candidates, uint64_t extras, std::span<uint32_t> shares) {
  std::erase_if(candidates, [](const Candidate& candidate) { return candidate.remainder == 0; });
  DISTKV_CHECK(extras <= candidates.size());
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tuple(!a.is_free, b.remainder, a.index) <
           std::tuple(!b.is_free, a.remainder, b.index);
  });
  for (uint64_t i = 0; i < extras; ++i) ++shares[candidates[i].index];
}

Candidate candidate_of(uint64_t numerator, uint64_t denominator, uint32_t held, size_t index) {
  return {numerator % denominator, held > numerator / denominator, index};
}

// The targets of each rack as a whole, rounded like a node's. A rack is free to be rounded up if
// enough of its nodes are.
std::vector<uint32_t> rack_totals(const FairShares& fair,
                                  const std::vector<std::vector<size_t>>& racks,
                                  std::span<const uint32_t> held) {
  std::vector<uint64_t> numerators;
  std::vector<uint32_t> held_up_to_share;
  for (const std::vector<size_t>& members : racks) {
    uint64_t numerator = 0;
    uint64_t rounded = 0;
    for (const size_t node : members) {
      const uint64_t share = fair.numerators[node];
      const Candidate candidate = candidate_of(share, fair.denominator, held[node], node);
      numerator += share;
      rounded += share / fair.denominator;
      if (candidate.is_free && candidate.remainder > 0) ++rounded;
    }
    numerators.push_back(numerator);
    held_up_to_share.push_back(static_cast<uint32_t>(rounded));
  }
  return round_shares(numerators, fair.denominator, held_up_to_share);
}

}  // namespace

std::vector<uint32_t> round_shares(std::span<const uint64_t> numerators, uint64_t denominator,
                                   std::span<const uint32_t> held) {
  std::vector<uint32_t> shares;
  std::vector<Candidate> candidates;
  uint64_t remainders = 0;
  for (size_t i = 0; i < numerators.size(); ++i) {
    shares.push_back(static_cast<uint32_t>(numerators[i] / denominator));
    candidates.push_back(candidate_of(numerators[i], denominator, held[i], i));
    remainders += candidates.back().remainder;
  }
  DISTKV_CHECK(remainders % denominator == 0);
  give_extras(std::move(candidates), remainders / denominator, shares);
  return shares;
}

Shares compute_shares(const Layout& layout, std::span<const uint32_t> held) {
  const FairShares fair = fair_shares(layout);
  Shares shares;
  shares.partition_count = layout.partition_count;
  shares.row_size = layout.replicas_per_partition();
  shares.rack_of = number_racks(layout.nodes);
  for (const uint64_t numerator : fair.numerators) {
    shares.targets.push_back(static_cast<uint32_t>(numerator / fair.denominator));
  }
  const auto racks = group_by_rack(shares.rack_of);
  const std::vector<uint32_t> totals = rack_totals(fair, racks, held);
  for (size_t rack = 0; rack < racks.size(); ++rack) {
    std::vector<Candidate> candidates;
    uint64_t extras = totals[rack];
    for (const size_t node : racks[rack]) {
      candidates.push_back(candidate_of(fair.numerators[node], fair.denominator, held[node], node));
      extras -= shares.targets[node];
    }
    give_extras(std::move(candidates), extras, shares.targets);
    shares.rack_min.push_back(totals[rack] / layout.partition_count);
    shares.rack_max.push_back((totals[rack] + layout.partition_count - 1) / layout.partition_count);
  }
  return shares;
}

}  // namespace distkv::ring
