// Command one names one table.
package main

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func main() {
	call, _ := syscalls.ARM64.ByName("read")
	fmt.Println(call)
}
