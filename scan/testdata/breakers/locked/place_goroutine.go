//go:build goroutine

package main

func place(at int) {
	if at == inGoroutine {
		curbLockDown()
	}
}
