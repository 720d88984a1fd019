// Command names asks only where a name exists.
package main

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func main() {
	fmt.Println(syscalls.Architectures("open"))
}
