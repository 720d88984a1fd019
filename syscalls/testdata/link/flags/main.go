// Command flags writes a value by its names.
package main

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func main() {
	openat, _ := syscalls.AMD64.ByName("openat")
	fmt.Println(syscalls.FlagsOf(syscalls.AMD64, openat, 2).Format(0x80000))
}
