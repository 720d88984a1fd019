// Library compiles the sample policy with package curb when it starts.
package main

import (
	"time"

	"github.com/gocurb/curb"
	"github.com/gocurb/curb/bench/filter/programs/ready"
	"github.com/gocurb/curb/bench/internal/policy"
)

func main() {
	begin := time.Now()
	lockDown()
	ready.Say(begin)
}

func lockDown() {
	var names []string
	var p curb.Policy
	for _, call := range policy.Sample().Calls {
		c := call.Check
		if c == nil {
			names = append(names, call.Name)
			continue
		}
		arg := curb.Arg(c.Arg)
		if c.Mask != 0 {
			arg = arg.Masked(int64(c.Mask))
		}
		var values []int64
		for _, value := range c.Values {
			values = append(values, int64(value))
		}
		p = p.AllowIf(call.Name, arg.Is(values...))
	}
	p.Allow(names...).MustEnforce()
}
