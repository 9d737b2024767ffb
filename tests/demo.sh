#!/bin/sh
# The demo's claims, checked; a program with sanitizers may take its time.
: "${FERRULE_DEMO_SECONDS:=900}"
export FERRULE_DEMO_SECONDS
exec "${top_srcdir:-.}/scripts/demo" --check
