//go:build top

package main

func place(at int) {
	if at == startsMain {
		curbLockDown()
	}
}
