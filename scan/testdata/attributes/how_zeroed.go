//go:build zeroed

package main

import "syscall"

var attr struct {
	name  string
	inner [2]struct {
		on  bool
		sys syscall.SysProcAttr
	}
}

// A part of a variable that begins as zero.
func start(args ...string) error {
	attr.inner[1].sys.Setsid = true
	return run(&attr.inner[1].sys, args...)
}
