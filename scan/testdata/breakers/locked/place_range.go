//go:build range

package main

func place(at int) {
	if at == inRange {
		curbLockDown()
	}
}
