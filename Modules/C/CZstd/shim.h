#pragma once
#include <zstd.h>

/// `ZSTD_c_literalCompressionMode`: 1 gives literals a code by frequency on the levels that leave it out. The number is part
/// of the library's interface; the name is declared to those alone who link it statically.
static const ZSTD_cParameter gedge_zstd_literal_compression = ZSTD_c_experimentalParam5;
