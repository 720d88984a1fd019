//go:build deferred

package main

func place(at int) {
	if at == inDeferred {
		curbLockDown()
	}
}
