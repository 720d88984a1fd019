// Generated locks itself down as a file that "curb gen" writes does.
package main

import (
	"time"

	"github.com/gocurb/curb/bench/filter/programs/compiled"
	"github.com/gocurb/curb/bench/filter/programs/ready"
	"github.com/gocurb/curb/precompiled"
)

func main() {
	begin := time.Now()
	precompiled.Filter{Arch: "amd64", Program: compiled.Packed[:]}.MustEnforce()
	ready.Say(begin)
}
