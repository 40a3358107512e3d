#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes ./configure out of configure.ac, in a checkout.
set -eu
cd "$(dirname "$0")"
mkdir -p m4 build-aux
autoreconf --install --force
