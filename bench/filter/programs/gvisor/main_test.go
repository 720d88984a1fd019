package main

import (
	"testing"

	"github.com/gocurb/curb/internal/sample"
	"github.com/gocurb/curb/syscalls"
)

func TestNumbers(t *testing.T) {
	for _, name := range sample.Names {
		call, _ := syscalls.AMD64.ByName(name)
		if nr, found := numbers[name]; !found || nr != call.Nr {
			t.Errorf("%s has the number %d, %t, want %d", name, nr, found, call.Nr)
		}
	}
}
