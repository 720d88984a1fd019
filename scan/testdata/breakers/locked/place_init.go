//go:build init

package main

import (
	"golang.org/x/sys/unix"

	"github.com/gocurb/curb/scan/testdata/breakers/rare"
)

func place(int) {}

func init() { curbLockDown() }

func init() { rare.Call("timer_getoverrun", unix.SYS_TIMER_GETOVERRUN) }
