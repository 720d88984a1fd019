// Gvisor locks itself down with gVisor's package.
package main

import (
	"time"

	"gvisor.dev/gvisor/pkg/log"

	"github.com/gocurb/curb/bench/filter/programs/ready"
	"github.com/gocurb/curb/bench/internal/gvisor"
	"github.com/gocurb/curb/bench/internal/policy"
	"github.com/gocurb/curb/internal/sample"
)

func main() {
	begin := time.Now()
	log.SetLevel(log.Warning) // it would write lines about its work, which take time
	names := policy.New("sample", sample.Names, sample.Checks, func(name string) uint32 { return numbers[name] })
	program := gvisor.Program(names, nil)
	if err := program.Install(nil); err != nil {
		panic(err)
	}
	ready.Say(begin)
}
