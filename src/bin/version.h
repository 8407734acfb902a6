// The version both programs print; meson.build sets it.
#pragma once

#ifndef DISTKV_VERSION
#error "DISTKV_VERSION comes from meson.build"
#endif
