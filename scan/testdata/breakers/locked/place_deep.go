//go:build deep

package main

func place(at int) {
	if at == deep {
		curbLockDown()
	}
}
