// Elastic locks itself down with go-seccomp-bpf.
package main

import (
	"time"

	seccomp "github.com/elastic/go-seccomp-bpf"

	"github.com/gocurb/curb/bench/filter/programs/ready"
	"github.com/gocurb/curb/bench/internal/elastic"
	"github.com/gocurb/curb/bench/internal/policy"
)

func main() {
	begin := time.Now()
	err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync, Policy: elastic.Policy(policy.Sample(), false)})
	if err != nil {
		panic(err)
	}
	ready.Say(begin)
}
