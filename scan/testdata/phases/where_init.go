//go:build init

package main

const where = "init"
