// Stub is what the program calls where the breakers are in a library.
void in_library(void);
void breakers(void) { in_library(); }
int own_one(void) { return 0; }
