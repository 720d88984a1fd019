//go:build top

package main

const where = "top"
