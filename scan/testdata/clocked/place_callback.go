//go:build callback

package main

// #include "left.h"
import "C"

func place() { C.locks() }

//export lockDown
func lockDown() { curbLockDown() }
