package main

import (
	"runtime"
	"time"

	"github.com/gocurb/curb/bench/internal/measure"
	"github.com/gocurb/curb/bench/internal/policy"
)

// compileTimes gives how many nanoseconds each contestant takes to make a program
// of the policy, from its list of names and checks to the kernel's bytes.
func compileTimes(rounds int, all []contestant, p policy.Policy) ([][]float64, error) {
	const often = 20
	var turns []func() ([]float64, error)
	for _, c := range all {
		turns = append(turns, func() ([]float64, error) {
			// Nobody is to pay for what another left behind, in memory or
			// in the processor's caches.
			runtime.GC()
			if _, err := c.compile(p); err != nil {
				return nil, err
			}
			begin := time.Now()
			for range often {
				if _, err := c.compile(p); err != nil {
					return nil, err
				}
			}
			return []float64{float64(time.Since(begin).Nanoseconds()) / often}, nil
		})
	}
	return measure.Turns(rounds, turns)
}
