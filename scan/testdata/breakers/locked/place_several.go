//go:build several

package main

import "github.com/gocurb/curb/scan/testdata/breakers/locked/lock"

// place locks down wherever that has not been done: the first times in vain, which
// nobody looks at.
func place(at int) {
	if at == startsMain || at == inOnce {
		lock.Fail()
	}
	if at == inGoroutine {
		must(lock.Down())
	}
	if at == late {
		curbLockDown()
	}
}
