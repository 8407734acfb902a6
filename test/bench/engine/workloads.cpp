#include "bench/engine/workloads.h"

#include "bench/engine/mixed_workloads.h"
#include "bench/engine/read_workloads.h"
#include "bench/engine/write_workloads.h"

namespace distkv::bench {
namespace {

std::vector<Workload> make_workloads() {
  return {
      {"fillseq", "every key once, in order", Start::kScratch, run_fillseq, ""},
      {"fillsync-1", "durable puts, 1 outstanding", Start::kScratch, run_fillsync<1>, ""},
      {"fillsync-16", "durable puts, 16 outstanding", Start::kScratch, run_fillsync<16>, ""},
      {"fillsync-256", "durable puts, 256 outstanding", Start::kScratch, run_fillsync<256>, ""},
      {"fillbatch-16", "durable batches of 16, one thread; a latency is a batch's", Start::kScratch,
       run_fillbatch<16>, ""},
      {"fillbatch-256", "durable batches of 256, one thread; a latency is a batch's",
       Start::kScratch, run_fillbatch<256>, ""},
      {std::string(kReopen), "open after SIGKILL, and the first read; the rate is 1 / time",
       Start::kScratch, nullptr, ""},
      {"fillrandom", "every key once, in random order", Start::kFilling, run_fillrandom, ""},
      {"overwrite", "as many puts as keys, each of a random key", Start::kFilled, run_overwrite,
       ""},
      {"readrandom", "gets of random keys that are there", Start::kFilled, run_readrandom, ""},
      {"readmissing", "gets of keys that are not there, between those that are", Start::kFilled,
       run_readmissing, ""},
      {"readhot", "gets with Zipfian frequencies, skew 0.99", Start::kFilled, run_readhot, ""},
      {"update", "read-modify-write of random keys", Start::kFilled, run_update, ""},
      {"readwhilewriting", "gets of random keys beside a writer", Start::kFilled,
       run_readwhilewriting, "writes/s", true},
      {"rangescan", "pages of 100 records from random keys on", Start::kFilled, run_rangescan, ""},
      {"seqread", "every record once, in the store's order", Start::kFilled, run_seqread, ""},
      {"overload", "puts of random keys as fast as they are taken", Start::kFilled, run_overload,
       ""},
      // Last: it leaves a hole.
      {"deletescan", "erase a tenth that lies together, then pages of 100 across the hole",
       Start::kFilled, run_deletescan, "erases/s"},
  };
}

}  // namespace

Session::Session(const Parameters& parameters_given, const StoreKind& kind_given)
    : parameters(parameters_given),
      kind(kind_given),
      values(parameters_given.value_bytes, parameters_given.seed),
      order(parameters_given.keys, parameters_given.seed) {}

const std::vector<Workload>& workloads() {
  static const std::vector<Workload> kWorkloads = make_workloads();
  return kWorkloads;
}

const Workload* find_workload(std::string_view name) {
  for (const Workload& workload : workloads()) {
    if (workload.name == name) return &workload;
  }
  return nullptr;
}

}  // namespace distkv::bench
