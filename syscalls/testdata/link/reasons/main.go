// Command reasons asks for the reason of ENOSYS.
package main

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func main() {
	call, _ := syscalls.AMD64.ByName("statx")
	fmt.Println(syscalls.ENOSYSReason(call))
}
