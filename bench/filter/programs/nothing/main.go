// Nothing is the program that the others are compared with: no filter.
package main

import (
	"time"

	"github.com/gocurb/curb/bench/filter/programs/ready"
)

func main() { ready.Say(time.Now()) }
