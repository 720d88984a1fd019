#include <stdlib.h>

#ifdef __cplusplus
extern "C" {
#endif

// work works in a directory. It returns what went wrong, to be freed, or NULL.
char *work(const char *dir);

// called is the callback, in Go.
int called(int n);

#ifdef __cplusplus
}
#endif
