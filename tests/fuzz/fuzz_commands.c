/* Fuzz target: lists of iptables commands. */
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	oracle_rules((const char *)data, size, FE_INPUT_COMMANDS, 0);
	return 0;
}
