//go:build cgo

// Libseccomp locks itself down with libseccomp-golang.
package main

import (
	"time"

	"github.com/gocurb/curb/bench/filter/programs/ready"
	"github.com/gocurb/curb/bench/internal/libseccomp"
	"github.com/gocurb/curb/bench/internal/policy"
)

func main() {
	begin := time.Now()
	if err := lockDown(); err != nil {
		panic(err)
	}
	ready.Say(begin)
}

// threads is what the policy lacks for a program with cgo, in which the C library
// makes the threads.
var threads = []policy.Call{{Name: "clone3"}, {Name: "rseq"}, {Name: "set_robust_list"}}

func lockDown() error {
	p := policy.Sample()
	p.Calls = append(p.Calls, threads...)
	filter, err := libseccomp.Filter(p, libseccomp.Options{})
	if err != nil {
		return err
	}
	defer filter.Release()
	return filter.Load()
}
