// Command native names the table of its own architecture.
package main

import (
	"fmt"

	"github.com/gocurb/curb/syscalls"
)

func main() {
	if table := syscalls.Native(); table != nil {
		fmt.Println(table.ByName("read"))
	}
}
