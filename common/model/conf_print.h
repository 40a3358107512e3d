/* SPDX-License-Identifier: MIT */
/* What is printed from the schema's rows: a configuration in its own language, and the reference of options. */
#ifndef LBPAIR_COMMON_MODEL_CONF_PRINT_H
#define LBPAIR_COMMON_MODEL_CONF_PRINT_H

#include "common/model/conf.h"


#endif
