/* SPDX-License-Identifier: MIT */
/* The verbs by which an operator decides what gets connections: servers one by one, and a service's pools. */
#ifndef LBPAIR_LBCTL_DEPLOY_H
#define LBPAIR_LBCTL_DEPLOY_H

#include "lbctl/lbctl.h"

verb_fn verb_drain, verb_enable, verb_disable, verb_weight, verb_switch, verb_split, verb_rollback;

#endif
