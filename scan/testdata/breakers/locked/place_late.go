//go:build late

package main

func place(at int) {
	if at == late {
		curbLockDown()
	}
}
