//go:build early

package main

const where = "goroutine in init"
