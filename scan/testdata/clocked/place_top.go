//go:build !callback

package main

import "C"

func place() { curbLockDown() }

//export lockDown
func lockDown() {}
