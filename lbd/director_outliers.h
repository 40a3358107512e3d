/* SPDX-License-Identifier: MIT */
/* The director's looks at the failures that clients' connections have met: passive checks. */
#ifndef LBPAIR_LBD_DIRECTOR_OUTLIERS_H
#define LBPAIR_LBD_DIRECTOR_OUTLIERS_H

#include "lbd/director_state.h"

/* Looks from now on, or no more, as the configuration wants it. -ENOMEM: only when it has not been called before. */
MUST_USE int director_follow_outliers(struct director *director);

#endif
