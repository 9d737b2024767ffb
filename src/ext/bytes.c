/* Settings tried on what was read. */
#include "ext/bytes.h"

#include "ruleset/rule.h"

bool fe_part_in_range(const struct fe_part *part, unsigned row, uint32_t v)
{
	const struct fe_setting *setting = fe_part_find(part, row);

	return setting == NULL || (setting->value.range.lo <= v &&
				   v <= setting->value.range.hi) !=
				      setting->neg;
}
