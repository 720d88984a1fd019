//go:build method

package main

func place(at int) {
	if at == inMethod {
		curbLockDown()
	}
}
