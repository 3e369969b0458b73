#include <dirent.h>
#include <string.h>

#include "fuzz.h"

/* Runs a target once for each file of its corpus. Replaces libFuzzer where there is none. */
#define INPUT_MAX (8 * 1024 * 1024)

static int
replay_file(const char *dir, const char *name)
{
	char path[4096];
	uint8_t *p;
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if ((f = fopen(path, "rb")) == NULL || (p = malloc(INPUT_MAX)) == NULL) {
		perror(path);
		return -1;
	}
	n = fread(p, 1, INPUT_MAX, f);
	fclose(f);
	/* An exact allocation, so that a sanitizer sees the first byte too far. */
	if ((p = realloc(p, n == 0 ? 1 : n)) == NULL)
		return -1;
	LLVMFuzzerTestOneInput(p, n);
	free(p);
	return 0;
}

int
main(int argc, char **argv)
{
	struct dirent *d;
	size_t files = 0;
	DIR *dir;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (replay_file(argv[1], d->d_name) != 0)
			return 1;
		files++;
	}
	closedir(dir);
	printf("%zu inputs\n", files);
	return files == 0;
}
