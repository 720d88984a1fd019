// Time zones, and time in all ways that package time has.
package main

import (
	"time"

	"github.com/gocurb/curb/internal/mkgroups/testdata/lockdown"
)

func main() {
	lockdown.Enforce()
	_ = time.Now().Local().String()
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil && len(err.Error()) == 0 {
		panic(err)
	}
	time.Sleep(time.Millisecond)
}
