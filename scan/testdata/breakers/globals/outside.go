package main

import (
	"os"
	_ "unsafe" // for linkname

	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/globals/other"
	_ "github.com/gocurb/curb/scan/testdata/breakers/globals/setter"
)

var (
	byAssembly      int64
	byAssemblyLater [3]int64
	byAssemblyGiven int64
)

func setInAssembly()
func setByAddress()
func setGiven(to *int64)

//go:linkname hidden github.com/gocurb/curb/scan/testdata/breakers/globals/other.hidden
var hidden int

//go:linkname setSecret github.com/gocurb/curb/scan/testdata/breakers/globals/other.setSecret
func setSecret(value int)

// outside has assembly, other packages and the runtime set variables.
func outside() {
	setInAssembly()
	setByAddress()
	setGiven(&byAssemblyGiven)
	hidden = 4
	setSecret(5)
}

//go:noinline
func outsideDone() {
	check(byAssembly == 1, "rt_sigtimedwait", unix.SYS_RT_SIGTIMEDWAIT)
	check(byAssemblyLater[1] == 2, "clock_settime", unix.SYS_CLOCK_SETTIME)
	check(byAssemblyGiven == 3, "adjtimex", unix.SYS_ADJTIMEX)
	check(other.Hidden(), "swapoff", unix.SYS_SWAPOFF)
	check(other.Secret(), "umount2", unix.SYS_UMOUNT2)
	check(other.ByInit, "add_key", unix.SYS_ADD_KEY)
	check(len(os.Args) > 1, "request_key", unix.SYS_REQUEST_KEY)
	check(os.Getenv("BREAKER") != "", "pivot_root", unix.SYS_PIVOT_ROOT)
}
