//go:build deep

package main

const where = "deep"
