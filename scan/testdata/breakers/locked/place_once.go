//go:build once

package main

func place(at int) {
	if at == inOnce {
		curbLockDown()
	}
}
