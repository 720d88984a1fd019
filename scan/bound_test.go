package scan_test

import (
	"slices"
	"testing"
)

// What is beside an array on the stack does not change with an element of it, as far
// as the index is bounded. On arm64 the array's address is taken for that, and a call
// may change what is behind it.
func TestBesideArray(t *testing.T) {
	for _, way := range []string{"plain", "stripped", "pie"} {
		u := scanned(t, program(t, "numbers", way))
		if _, ok := u.Find("times"); !ok || slices.Contains(openFunctions(u), "main.arrayed") {
			t.Errorf("%s: that times is in the list is %t, and unresolved are %v", way, ok, openFunctions(u))
		}
	}
}
