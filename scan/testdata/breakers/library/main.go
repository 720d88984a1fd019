// Library is built as a library for C programs, and as a plugin.
package main

import "C"

//export Double
func Double(n C.int) C.int { return 2 * n }

func main() {}
