/* Packet fields: the table made from field.def. */
#include "packet/field.h"

const struct fe_field_info fe_fields[FE_N_FIELDS] = {
#define FIELD(NAME, name, bits, doc) [FE_F_##NAME] = {name, bits, doc},
#include "packet/field.def"
#undef FIELD
};
