//go:build variable

package main

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func place(int) {}

// Variables are initialised before any init runs.
var down = func() bool { curbLockDown(); return true }()

// later is initialised when down is.
var later = func() bool { rare.Call("timer_gettime", unix.SYS_TIMER_GETTIME); return down }()

func init() { rare.Call("timer_getoverrun", unix.SYS_TIMER_GETOVERRUN); _ = later }
