/* Fuzz target: save files and listings, told apart by content. */
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	oracle_rules((const char *)data, size, FE_INPUT_AUTO, 0);
	return 0;
}
