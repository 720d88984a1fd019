//go:build method

package main

const where = "method"
