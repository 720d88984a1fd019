// Package registry calls what was registered with it.
package registry

import (
	"slices"

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

// Hook is called if there is one.
var Hook func()

type entry struct {
	name string
	run  func()
}

var entries []entry

// Register adds a function.
func Register(name string, run func()) { entries = append(entries, entry{name, run}) }

func init() {
	Register("b", func() { rare.Call("kcmp", unix.SYS_KCMP) })
	Register("a", func() { rare.Call("sched_getattr", unix.SYS_SCHED_GETATTR) })
}

// Run calls all of them, in the order of their names.
func Run() {
	if Hook != nil {
		Hook()
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(a.name[0]) - int(b.name[0]) })
	for _, e := range entries {
		e.run()
	}
}
