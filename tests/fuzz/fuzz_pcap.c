/*
 * Fuzz target: capture files, through the reader and the adapter as observed
 * and as injected, down to the engine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "program/engine.h"
#include "scenario/traffic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char rules_text[] =
    "*filter\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n"
    "-A INPUT -p tcp -j REJECT\nCOMMIT\n"
    "*nat\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n";

struct run {
	struct fe_traffic *traffic;
	struct fe_engine *engine;
};

static void on_emit(void *arg, const struct fe_packet *packet, uint16_t oif)
{
	fe_traffic_emitted(((struct run *)arg)->traffic, packet, oif);
}

static void play(struct run *r)
{
	struct fe_result results[FE_TRAFFIC_BATCH];
	const struct fe_observer observer = {.arg = r, .emit = on_emit};
	struct fe_batch batch;
	int64_t last = INT64_MIN;

	fe_engine_observe(r->engine, &observer);
	fe_traffic_attach(r->traffic, r->engine);
	while (fe_traffic_next(r->traffic, &batch)) {
		for (size_t i = 0; i < batch.n; i++) {
			if (batch.packets[i].time < last)
				abort(); /* the promise of traffic.h */
			last = batch.packets[i].time;
		}
		fe_engine_play(r->engine, batch.packets, results, batch.n);
	}
	fe_traffic_report(r->traffic);
}

static void run(const char *path, enum fe_capture capture,
		const struct fe_rules *rules, struct fe_sources *sources,
		struct fe_diags *diags)
{
	const struct fe_traffic_options options = {.capture = capture};
	const struct fe_engine_options engine_options = {.naive = true};
	struct fe_host *host = fe_host_new();
	struct run r = {0};

	r.traffic = fe_traffic_open(path, &options, host, sources, diags);
	if (r.traffic) {
		r.engine = fe_engine_new(rules, host, &engine_options);
		play(&r);
		fe_engine_free(r.engine);
		fe_traffic_close(r.traffic);
	} else if (!diags->n_errors) {
		abort(); /* refused without saying why */
	}
	fe_host_free(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fe_sources *sources = fe_sources_new();
	struct fe_diags *diags = fe_diags_new();
	const struct fe_read_options read = {.family = 4};
	struct fe_rules rules = {0};
	int fd = memfd_create("capture", 0);
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	fe_read(sources, fe_sources_add(sources, "rules", rules_text,
					strlen(rules_text)),
		&read, &rules, diags);
	run(path, FE_CAPTURE_OBSERVED, &rules, sources, diags);
	run(path, FE_CAPTURE_INJECT, &rules, sources, diags);
	close(fd);
	fe_rules_free(&rules);
	fe_diags_free(diags);
	fe_sources_free(sources);
	return 0;
}
