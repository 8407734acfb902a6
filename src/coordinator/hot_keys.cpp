#include "coordinator/hot_keys.h"

#include <algorithm>

namespace distkv::coordinator {

bool HotKeys::touch(base::Token token, std::string_view key) {
  if (++requests_ >= kRequestsMax) halve();
  size_t at = find(token, key);
  if (at == kTracked) at = take_least(token, key);
  ++counts_[at];
  return is_hot(at);
}

size_t HotKeys::find(base::Token token, std::string_view key) const {
  size_t at = 0;
  while (at < kTracked && (tokens_[at] != token.value() || counters_[at].key != key)) ++at;
  return at;
}

size_t HotKeys::take_least(base::Token token, std::string_view key) {
  const auto at =
      static_cast<size_t>(std::min_element(counts_.begin(), counts_.end()) - counts_.begin());
  tokens_[at] = token.value();
  counters_[at].key.assign(key);
  counters_[at].error = counts_[at];
  return at;
}

bool HotKeys::is_hot(size_t at) const {
  return requests_ >= kRequestsMin && (counts_[at] - counters_[at].error) * kHotShare >= requests_;
}

void HotKeys::halve() {
  requests_ /= 2;
  for (uint64_t& count : counts_) count /= 2;
  for (Counter& counter : counters_) counter.error /= 2;
}

std::vector<HotKeys::Hot> HotKeys::hot() const {
  std::vector<Hot> found;
  for (size_t i = 0; i < kTracked; ++i) {
    if (!is_hot(i)) continue;
    const auto sure = static_cast<double>(counts_[i] - counters_[i].error);
    found.push_back(
        {counters_[i].key, counts_[i], counters_[i].error, sure / static_cast<double>(requests_)});
  }
  std::sort(found.begin(), found.end(), [](const Hot& a, const Hot& b) {
    return a.share != b.share ? a.share > b.share : a.key < b.key;
  });
  return found;
}

}  // namespace distkv::coordinator
