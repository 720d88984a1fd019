// Cbreakers runs C code that the test links with it: functions that make system
// calls in unusual ways, and then say which.
package main

/*
__attribute__((weak)) void breakers(void);
static void run(void) { breakers(); }
*/
import "C"

func main() { C.run() }
