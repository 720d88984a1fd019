package main

// The places at which the program can lock itself down.
const (
	startsMain = iota
	deep
	late
	inMethod
	inOnce
	inRange
	inDeferred
	inGoroutine
)
