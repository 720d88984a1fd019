/* Reads lines of "ARCH NAME", with libseccomp's names of architectures, and
 * writes what libseccomp has for each: "NAME NUMBER". Then it goes through 8192
 * numbers from each "ARCH FIRST" of the command line on, and writes those that
 * libseccomp knows. */
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	char arch[64], name[128];

	while (scanf("%63s %127s", arch, name) == 2) {
		uint32_t token = seccomp_arch_resolve_name(arch);
		if (token == 0)
			return 2; /* an older library */
		printf("%s %d\n", name, seccomp_syscall_resolve_name_arch(token, name));
	}
	for (int i = 1; i + 1 < argc; i += 2) {
		uint32_t token = seccomp_arch_resolve_name(argv[i]);
		int first = strtol(argv[i + 1], NULL, 0);
		for (int nr = first; nr < first + 8192; nr++) {
			char *found = seccomp_syscall_resolve_num_arch(token, nr);
			if (found != NULL)
				printf("%s %d\n", found, nr);
			free(found);
		}
	}
	return 0;
}
