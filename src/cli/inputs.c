/* What most commands read. */
#include "cli/inputs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int read_options(struct cli *cli, const struct cli_inputs *inputs,
			struct ferrule_input_options *options)
{
	const char *input = inputs->input;

	*options = (struct ferrule_input_options){
	    .resolve = inputs->resolve,
	    .strict_compat = inputs->strict_compat,
	};
	if (inputs->v4 && inputs->v6)
		return cli_usage_error(cli, "-4 and -6 exclude each other");
	if (inputs->v4 || inputs->v6)
		options->family = inputs->v4 ? 4 : 6;
	if (inputs->backend && !strcmp(inputs->backend, "nft"))
		options->backend = FERRULE_BACKEND_NFT;
	else if (inputs->backend && strcmp(inputs->backend, "legacy"))
		return cli_usage_error(cli,
				       "--backend is legacy or nft, not '%s'",
				       inputs->backend);
	if (!input)
		options->input = FERRULE_INPUT_AUTO;
	else if (!strcmp(input, "save"))
		options->input = FERRULE_INPUT_SAVE;
	else if (!strcmp(input, "script"))
		options->input = FERRULE_INPUT_COMMANDS;
	else
		return cli_usage_error(cli,
				       "--input is save or script, not '%s'",
				       input);
	return FERRULE_OK;
}

static void read_one(struct cli_inputs *inputs, const char *path,
		     const struct ferrule_input_options *options)
{
	int error = ferrule_rules_read(inputs->rules, path, options);

	if (error)
		inputs->status = error;
}

/* Packets pass the rules of both back ends; rules are read of one. */
static void refuse_both_back_ends(struct cli *cli, struct cli_inputs *inputs,
				  const char *nft, const char *legacy)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", inputs->host_dir, legacy);
	if (access(path, F_OK) != 0)
		return;
	ferrule_error(cli->ferrule, "%s: this host has rules in both back "
		      "ends, and both decide; %s alone does not tell what "
		      "happens", path, nft);
	inputs->status = FERRULE_UNREADABLE;
}

/* Each file of a snapshot is optional; its name tells the family, of which
 * -4 and -6 choose one. */
static void read_snapshot(struct cli *cli, struct cli_inputs *inputs,
			  const struct ferrule_input_options *options)
{
	static const struct {
		const char *name;
		unsigned family;
	} files[] = {{"rules.v4", 4}, {"rules.v6", 6}, {"ipset.save", 0}};
	char path[4096];

	refuse_both_back_ends(cli, inputs, "rules.v4", "rules-legacy.v4");
	refuse_both_back_ends(cli, inputs, "rules.v6", "rules-legacy.v6");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct ferrule_input_options one = *options;
		one.family = files[i].family;
		if (options->family && one.family &&
		    one.family != options->family)
			continue;
		snprintf(path, sizeof(path), "%s/%s", inputs->host_dir,
			 files[i].name);
		if (access(path, F_OK) == 0)
			read_one(inputs, path, &one);
	}
}

int cli_inputs_read(struct cli *cli, struct cli_inputs *inputs,
		    const struct cli_list *operands)
{
	struct ferrule_input_options options;
	int error = read_options(cli, inputs, &options);

	if (error)
		return error;
	if (!operands->n && !inputs->host_dir)
		return cli_usage_error(cli, "which RULES?");
	inputs->host = (struct ferrule_host_options){
	    .snapshot = inputs->host_dir,
	    .kernel = inputs->kernel,
	    .sysctls = inputs->sysctls.items,
	    .n_sysctls = inputs->sysctls.n,
	    .addresses = inputs->addresses.items,
	    .n_addresses = inputs->addresses.n,
	};
	inputs->rules = ferrule_rules_new(cli->ferrule);
	for (size_t i = 0; i < operands->n; i++)
		read_one(inputs, operands->items[i], &options);
	if (!operands->n)
		read_snapshot(cli, inputs, &options);
	if (ferrule_rules_has(inputs->rules, 4) ||
	    ferrule_rules_has(inputs->rules, 6))
		return FERRULE_OK;
	if (inputs->status)
		return inputs->status;
	if (operands->n)
		ferrule_error(cli->ferrule, "the files hold no rules");
	else
		ferrule_error(cli->ferrule, "%s has no rules.v4 and no "
			      "rules.v6: name the RULES", inputs->host_dir);
	return FERRULE_UNREADABLE;
}

void cli_inputs_free(struct cli_inputs *inputs)
{
	cli_list_free(&inputs->sysctls);
	cli_list_free(&inputs->addresses);
	ferrule_rules_free(inputs->rules);
	inputs->rules = NULL;
}
