#include "harness.h"

#include "carry/bundle.h"
#include "carry/tar.h"
#include "parent/export_plan.h"

static struct op_export_item
item(uint64_t size)
{
	struct op_export_item i = {.size = size};

	strcpy(i.id, "00112233445566778899aabbccddeeff");
	strcpy(i.inbox, "tips");
	return i;
}

static struct reason why;

/* The ends of the volumes, "2 5 6", or the error. */
static const char *
plan(const struct op_export_item *items, size_t n, uint64_t overhead, uint64_t size)
{
	static char text[200];
	struct export_plan p;
	size_t v, first, end, last = 0;
	enum err e;

	text[0] = '\0';
	if ((e = export_plan_make(&p, items, n, overhead, size, &why)) != ERR_OK)
		return err_text(e);
	for (v = 1; v <= p.volumes; v++) {
		export_plan_range(&p, v, &first, &end);
		assert_int_equal(first, last);
		last = end;
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%zu",
		    v == 1 ? "" : " ", end);
	}
	assert_int_equal(last, n);
	export_plan_wipe(&p);
	return text;
}

static void
volumes_are_filled_and_never_overfilled(void **state)
{
	/* Each takes 1,024 bytes of archive. */
	struct op_export_item six[6] = {item(512), item(1), item(2), item(512), item(3), item(4)};

	(void)state;
	assert_string_equal(plan(six, 6, 1000, 0), "6");
	assert_string_equal(plan(six, 6, 1000, 1000 + 6 * 1024), "6");
	assert_string_equal(plan(six, 6, 1000, 1000 + 6 * 1024 - 1), "5 6");
	assert_string_equal(plan(six, 6, 1000, 1000 + 2 * 1024), "2 4 6");
	assert_string_equal(plan(six, 6, 1000, 1000 + 1024), "1 2 3 4 5 6");
	assert_string_equal(plan(six, 0, 1000, 1000), "0");
	assert_string_equal(plan(six, 0, 1000, 0), "0");
	assert_string_equal(plan(six, 6, 1000, 1000 + 1023), err_text(ERR_LIMIT));
	assert_non_null(strstr(why.text, "never split"));
	assert_string_equal(plan(six, 0, 1000, 999), err_text(ERR_LIMIT));
	assert_non_null(strstr(why.text, "index and schedules"));
}

static void
there_is_a_last_volume(void **state)
{
	struct op_export_item *many = calloc(LIMIT_BUNDLE_VOLUMES + 1, sizeof *many);
	struct export_plan p;
	size_t i;

	(void)state;
	assert_non_null(many);
	for (i = 0; i <= LIMIT_BUNDLE_VOLUMES; i++)
		many[i] = item(1);
	assert_ok(export_plan_make(&p, many, LIMIT_BUNDLE_VOLUMES, 1000, 2024, &why));
	assert_int_equal(p.volumes, LIMIT_BUNDLE_VOLUMES);
	export_plan_wipe(&p);
	assert_err(
	    export_plan_make(&p, many, LIMIT_BUNDLE_VOLUMES + 1, 1000, 2024, &why), ERR_LIMIT);
	free(many);
}

static void
members_are_as_large_as_tar_makes_them(void **state)
{
	static const uint64_t sizes[] = {0, 1, 511, 512, 513, 8 * LIMIT_GIB - 1, 8 * LIMIT_GIB,
	    8 * LIMIT_GIB + 1, LIMIT_BUNDLE_ITEM_SIZE};
	uint8_t head[TAR_HEAD_MAX];
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		assert_ok(tar_header_write(head, &len, "x", sizes[i]));
		assert_int_equal(export_plan_member(sizes[i]), len + sizes[i] + tar_pad(sizes[i]));
	}
}

static void
the_index_is_never_larger_than_planned(void **state)
{
	struct op_export_item plan_items[3];
	struct bundle_item line = {
	    .day = 2932896, .epoch = UINT32_MAX, .size = LIMIT_BUNDLE_ITEM_SIZE};
	struct bundle_head head = {.serial = UINT32_MAX,
	    .made = 2932896,
	    .volume = LIMIT_BUNDLE_VOLUMES,
	    .volumes = LIMIT_BUNDLE_VOLUMES};
	struct buf text;
	int i;

	(void)state;
	memset(head.instance, 'a', sizeof head.instance - 1);
	memset(line.id, '0', sizeof line.id - 1);
	memset(line.inbox, 'a', sizeof line.inbox - 1);
	buf_init(&text, 1 << 16);
	assert_ok(bundle_head_format(&head, LIMIT_BUNDLE_ITEMS, &text));
	for (i = 0; i < 3; i++) {
		assert_ok(bundle_item_format(&line, &text));
		plan_items[i] = item(1);
		strcpy(plan_items[i].inbox, line.inbox);
	}
	assert_ok(bundle_end_format(&text));
	assert_true(text.len <= export_plan_index_max(plan_items, 3));
	assert_true(text.len + 512 + 30 >= export_plan_index_max(plan_items, 3));
	buf_wipe(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(volumes_are_filled_and_never_overfilled),
	    cmocka_unit_test(there_is_a_last_volume),
	    cmocka_unit_test(members_are_as_large_as_tar_makes_them),
	    cmocka_unit_test(the_index_is_never_larger_than_planned),
	};

	return cmocka_run_group_tests_name("parent export_plan", tests, NULL, NULL);
}
