//go:build channel

package main

import "syscall"

// What went through a channel.
func start(args ...string) error {
	c := make(chan [1]syscall.SysProcAttr, 1)
	c <- [1]syscall.SysProcAttr{{Setsid: true}}
	attr := <-c
	return run(&attr[0], args...)
}
