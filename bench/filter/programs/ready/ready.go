// Package ready is what the measured programs have in common: they do nothing but
// lock themselves down, and say so.
package ready

import (
	"fmt"
	"time"
)

// Say tells who started the program that its lock-down is in force, and how many
// nanoseconds that took since begin, which is the start of main.
func Say(begin time.Time) {
	fmt.Printf("%d\n", time.Since(begin).Nanoseconds())
}
