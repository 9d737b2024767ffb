/*
 * The file of measured edge cases: each line is an object with name, kind
 * ("restore" with input, "cmd" with argv), tool, opts, table, counters, pre,
 * and res.legacy and res.nft: the exit code, the message and the lines that
 * iptables-save prints for the table.
 */
#ifndef PROBE_FILE_H
#define PROBE_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"

/* The operand, or probes.jsonl in FERRULE_SHARED or beside the source; NULL
 * after saying that the test is skipped. */
FILE *probe_file_open(int argc, char **argv);

const char *probe_string(const json_t *probe, const char *key);
/* A character of the text is a byte: two bytes of UTF-8 from 0x80 on. */
void probe_bytes(const json_t *text, struct fe_buf *buf);
/* Whether one of names, whose last is NULL, is the probe's. */
bool probe_is_one(const json_t *probe, const char *const *names);

#endif
