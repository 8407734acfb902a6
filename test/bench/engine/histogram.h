// The histogram of distkv-bench, so that both programs mean the same by p99.
#pragma once

#include "bin/bench/histogram.h"

namespace distkv::bench {

using Histogram = bin::bench::Histogram;

}  // namespace distkv::bench
