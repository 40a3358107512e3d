/* SPDX-License-Identifier: MIT */
/* The director's lookups of servers that are configured by name. */
#ifndef LBPAIR_LBD_DIRECTOR_NAMES_H
#define LBPAIR_LBD_DIRECTOR_NAMES_H

#include "lbd/director_state.h"

/* Looks up the names of the configuration, where there are any. Negative errno, and a line where it tells more. */
MUST_USE int director_start_names(struct director *director, struct text *errors);
/* The configuration is in use already: what cannot be looked up now stays as it is. */
void director_follow_names(struct director *director);

#endif
