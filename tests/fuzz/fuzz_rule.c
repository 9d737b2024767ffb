/* Fuzz target: one rule in each family, in a table with a user chain. */
#include "oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const tables[] = {"filter", "nat", "mangle", "raw"};
	struct fe_buf buf = {0};

	for (unsigned i = 0; i < 4; i++) {
		fe_buf_printf(&buf, "*%s\n:user - [0:0]\n-A OUTPUT ",
			      tables[i]);
		fe_buf_add(&buf, data, size);
		fe_buf_puts(&buf, "\nCOMMIT\n");
	}
	oracle_rules(buf.data, buf.size, FE_INPUT_SAVE, 4);
	oracle_rules(buf.data, buf.size, FE_INPUT_SAVE, 6);
	fe_buf_free(&buf);
	return 0;
}
