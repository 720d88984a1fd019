//go:build none

package main

// None are made: the child stays in the session.
func start(args ...string) error { return run(nil, args...) }
