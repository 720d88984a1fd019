//go:build goroutine

package main

const where = "goroutine"
