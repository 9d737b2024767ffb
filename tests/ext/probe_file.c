/* Reading the file of measured edge cases (probe_file.h). */
#include "probe_file.h"

#include <stdlib.h>
#include <string.h>

FILE *probe_file_open(int argc, char **argv)
{
	const char *shared = getenv("FERRULE_SHARED");
	const char *top = getenv("top_srcdir");
	char path[4096];
	FILE *file;

	if (argc == 2)
		snprintf(path, sizeof(path), "%s", argv[1]);
	else if (shared != NULL)
		snprintf(path, sizeof(path), "%s/probes.jsonl", shared);
	else
		snprintf(path, sizeof(path), "%s/../shared/probes.jsonl",
			 top != NULL ? top : ".");
	file = fopen(path, "r");
	if (file == NULL)
		printf("1..0 # SKIP no file of probes\n");
	return file;
}

const char *probe_string(const json_t *probe, const char *key)
{
	const char *s = json_string_value(json_object_get(probe, key));

	return s != NULL ? s : "";
}

void probe_bytes(const json_t *text, struct fe_buf *buf)
{
	const char *s = json_string_value(text);
	size_t len = json_string_length(text);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];

		if ((c & 0xfc) == 0xc0 && i + 1 < len) {
			c = (unsigned char)(c << 6 | (s[i + 1] & 0x3f));
			i++;
		}
		fe_buf_putc(buf, (char)c);
	}
}

bool probe_is_one(const json_t *probe, const char *const *names)
{
	const char *name = probe_string(probe, "name");

	for (; *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}
