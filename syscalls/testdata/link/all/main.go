// Command all chooses a table at run time.
package main

import (
	"fmt"
	"runtime"

	"github.com/gocurb/curb/syscalls"
)

func main() {
	fmt.Println(syscalls.For(runtime.GOARCH))
}
