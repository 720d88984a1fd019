// Nothing, with package os linked in: what is left is the start of a program.
package main

import _ "os"

func main() {}
