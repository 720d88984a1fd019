// Command execs starts another program.
package main

import (
	"fmt"
	"os"
	"os/exec"
)

func main() {
	out, err := exec.Command(os.Args[1], os.Args[2:]...).Output()
	fmt.Printf("%s %v\n", out, err)
}
