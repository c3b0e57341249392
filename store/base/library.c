// SPDX-License-Identifier: Apache-2.0
#include "store/base/library.h"

#include <dlfcn.h>
#include <string.h>

int library_load(const char *file, const struct library_symbol *symbols, size_t n, const char *what,
		 const char *packages, struct err *e)
{
	void *lib = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (lib == NULL)
		return err_set(e, ST_INPUT, "%s needs %s, which is not here: install %s", what,
			       file, packages);
	for (size_t i = 0; i < n; i++) {
		void *at = dlsym(lib, symbols[i].name);

		if (at == NULL) {
			dlclose(lib);
			return err_set(e, ST_INPUT,
				       "%s needs %s, and the one here lacks %s: install a newer %s",
				       what, file, symbols[i].name, packages);
		}
		memcpy(symbols[i].at, &at,
		       sizeof(at)); /* POSIX: a function's address fits a pointer to void */
	}
	return 0;
}
