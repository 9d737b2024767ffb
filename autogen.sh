#!/bin/sh
# Makes ./configure from configure.ac. Needed after a clone only.
cd "$(dirname "$0")" && mkdir -p m4 && exec autoreconf -fi
